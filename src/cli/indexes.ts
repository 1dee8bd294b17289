import { Argument, type Command } from 'commander';
import type { DatabaseClient } from '../db/client.ts';
import { type IndexName, indexNames, indexOf } from '../db/indexes/catalogue.ts';
import { createIndex, dropIndex, type IndexProgress } from '../db/indexes/manage.ts';
import { type IndexState, readIndexStates } from '../db/indexes/state.ts';
import { type CommandOptions, MAINTENANCE_TIMEOUTS, type WithDatabase } from './database.ts';
import { CliError, examples, formatColumns, formatSize, jsonOption, type OutputOptions, print } from './output.ts';

interface CreateOptions extends OutputOptions {
  asciiOnly?: boolean;
}

/** Builds read the whole table. The second connection reads the progress. */
const WORK: CommandOptions = { ...MAINTENANCE_TIMEOUTS, poolSize: 2, sessionFor: 'changes of indexes' };

/** `indexes list`, `indexes create NAME` and `indexes drop NAME`. */
export function addIndexCommands(program: Command, withDatabase: WithDatabase): void {
  const indexes = program
    .command('indexes')
    .description('manages optional indexes for filters')
    .helpCommand(false)
    .addHelpText('after', examples('indexes', 'list', 'create attribute-text', 'drop attribute-text'));

  indexes
    .command('list')
    .description('lists the indexes, whether they exist, their size, what they cost and what they serve')
    .option(...jsonOption)
    .addHelpText('after', examples('indexes', 'list', 'list --json'))
    .action((options: OutputOptions) => withDatabase((db) => list(db, options)));

  indexes
    .command('create')
    .description('creates an index without blocking writes, or replaces one that is invalid')
    .addArgument(nameArgument())
    .option('--ascii-only', 'create an index of trigrams although LC_CTYPE is C, so that it finds ASCII texts only')
    .option(...jsonOption)
    .addHelpText('after', examples('indexes', 'create attribute-text', 'create field-text --ascii-only'))
    .action((name: IndexName, options: CreateOptions) => withDatabase((db) => create(db, name, options), WORK));

  indexes
    .command('drop')
    .description('drops an index without blocking writes')
    .addArgument(nameArgument())
    .option(...jsonOption)
    .addHelpText('after', examples('indexes', 'drop attribute-text'))
    .action((name: IndexName, options: OutputOptions) => withDatabase((db) => drop(db, name, options), WORK));
}

const nameArgument = () => new Argument('NAME', '"indexes list" shows the names').choices(indexNames);

async function list(db: DatabaseClient, options: OutputOptions): Promise<void> {
  const states = (await readIndexStates(db)).map((state) => ({ ...state, ...describe(state.name) }));
  const rows = states.map(({ name, state, size, cost, serves }) => [name, state, formatSize(size), cost, serves]);
  await print(options, states, formatColumns(['NAME', 'STATE', 'SIZE', 'COST', 'SERVES'], rows));
}

async function create(db: DatabaseClient, name: IndexName, options: CreateOptions): Promise<void> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort(new CliError('Interrupted.'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const isNew = await createIndex(db, name, {
    onProgress: createProgress(),
    acceptsAsciiTrigrams: options.asciiOnly ?? false,
    signal: interruption.signal,
  });
  const { size, state } = await stateOf(db, name);
  const text = isNew
    ? `Created ${name} (${formatSize(size)}). Gateways use it within a minute.`
    : `${name} already exists (${formatSize(size)}).`;
  await print(options, { name, state, size, isNew }, text);
}

async function drop(db: DatabaseClient, name: IndexName, options: OutputOptions): Promise<void> {
  const wasThere = await dropIndex(db, name);
  await print(options, { name, wasThere }, wasThere ? `Dropped ${name}.` : `${name} does not exist.`);
}

async function stateOf(db: DatabaseClient, name: IndexName): Promise<IndexState> {
  const found = (await readIndexStates(db)).find((state) => state.name === name);
  return found ?? { name, state: 'missing', size: 0 };
}

function describe(name: IndexName) {
  const { relation, serves, cost } = indexOf(name);
  return { relation, serves, cost };
}

/** Writes a line for each phase, and for each further tenth of it. */
function createProgress(): (progress: IndexProgress) => void {
  let reported = '';
  return ({ phase, share }) => {
    const line = share === undefined ? phase : `${phase}, ${Math.floor(share * 10) * 10} %`;
    if (line === reported) return;
    reported = line;
    process.stderr.write(`${line}\n`);
  };
}
