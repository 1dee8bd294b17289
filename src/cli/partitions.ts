import { type Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from '../config/values.ts';
import type { DatabaseClient } from '../db/client.ts';
import { partitionEvents } from '../db/partitions/convert.ts';
import { createPartitionsAhead, DEFAULT_AHEAD } from '../db/partitions/create.ts';
import { dropPartitions, partitionsBefore } from '../db/partitions/drop.ts';
import { monthsBefore } from '../db/partitions/months.ts';
import { type Partition, readPartitionState } from '../db/partitions/state.ts';
import { computeAllWorkspacesAgain } from '../domain/segments/recompute.ts';
import { schemaParser, time } from './arguments.ts';
import type { CommandOptions, WithDatabase } from './database.ts';
import { CliError, formatColumns, jsonOption, type OutputOptions, print, shortInstant } from './output.ts';

interface CreateOptions extends OutputOptions {
  ahead: number;
}

interface DropOptions extends OutputOptions {
  /** A number of months, or an instant. */
  olderThan: number | Date;
  yes?: boolean;
}

const DAY_MS = 86_400_000;

/** Checking the rows of a large table takes minutes. Other connections read the state, and mark segments. */
const WORK: CommandOptions = { statementMs: DAY_MS, lockMs: DAY_MS, poolSize: 3, sessionFor: 'changes of partitions' };

const MAX_MONTHS = 1_200;
const MAX_AHEAD = 120;

/** `partitions list`, `partitions create` and `partitions drop`. */
export function addPartitionCommands(program: Command, withDatabase: WithDatabase): void {
  const partitions = program
    .command('partitions')
    .description('manages the monthly partitions of events')
    .helpCommand(false)
    .addHelpText('after', example('list', 'create', 'drop --older-than 24'));

  partitions
    .command('list')
    .description('lists the partitions, oldest first; the numbers of rows are estimates')
    .option(...jsonOption)
    .addHelpText('after', example('list', 'list --json'))
    .action((options: OutputOptions) => withDatabase((db) => list(db, options)));

  partitions
    .command('create')
    .description(
      'partitions events if it is not partitioned yet, while gateways use it, and creates missing partitions',
    )
    .option(
      '--ahead <N>',
      'how many months after the current one get a partition',
      schemaParser(wholeNumber(1, MAX_AHEAD)),
      DEFAULT_AHEAD,
    )
    .option(...jsonOption)
    .addHelpText('after', example('create', 'create --ahead 12'))
    .action((options: CreateOptions) => withDatabase((db) => create(db, options), WORK));

  partitions
    .command('drop')
    .description('shows the partitions whose events are all older than some months or a date; with --yes, drops them')
    .requiredOption('--older-than <MONTHS|DATE>', 'a number of months, or a date such as 2026-01-31', parseAge)
    .option('--yes', 'drop them; this cannot be undone')
    .option(...jsonOption)
    .addHelpText('after', example('drop --older-than 24', 'drop --older-than 2026-01-01 --yes'))
    .action((options: DropOptions) => withDatabase((db) => drop(db, options), WORK));
}

function parseAge(text: string): number | Date {
  const months = wholeNumber(1, MAX_MONTHS).safeParse(text);
  if (months.success) return months.data;
  const date = time.safeParse(text);
  if (date.success) return new Date(date.data);
  throw new InvalidArgumentError(
    `It must be a number of months from 1 to ${MAX_MONTHS}, or an existing date, such as 2026-01-31.`,
  );
}

async function list(db: DatabaseClient, options: OutputOptions): Promise<void> {
  const { partitions } = await readPartitionState(db);
  const text = partitions
    ? formatPartitions(partitions)
    : 'events is not partitioned. Partition it with npm run cli -- partitions create.';
  await print(options, partitions ?? null, text);
}

async function create(db: DatabaseClient, { ahead, ...options }: CreateOptions): Promise<void> {
  const conversion = await partitionEvents(db, { ahead, onProgress: (step) => process.stderr.write(`${step}\n`) });
  const created = await createPartitionsAhead(db, ahead);
  if (!created)
    throw new CliError('Another process changes partitions, indexes or the schema. Retry when it has ended.');
  const { partitions = [] } = await readPartitionState(db);
  const done = conversion
    ? `Partitioned events: ${conversion.name} contains the events until ${shortInstant(conversion.until)}. Statements were locked out for ${conversion.lockedMs.toFixed(0)} ms.`
    : created.length > 0
      ? `Created ${created.join(', ')}.`
      : 'All partitions exist.';
  await print(options, { conversion: conversion ?? null, partitions }, `${done}\n${formatPartitions(partitions)}`);
}

async function drop(db: DatabaseClient, { olderThan, yes = false, ...options }: DropOptions): Promise<void> {
  const { partitions, now, detached } = await readPartitionState(db);
  if (!partitions) throw new CliError('events is not partitioned. Run npm run cli -- partitions create.');
  const before = olderThan instanceof Date ? olderThan : monthsBefore(now, olderThan);
  if (before > now) throw new CliError(`--older-than must be in the past; got ${shortInstant(before)}.`);
  const old = partitionsBefore(partitions, before);
  if (yes && (old.length > 0 || detached.length > 0)) {
    const isDone = await dropPartitions(db, old, () => computeAllWorkspacesAgain(db));
    if (!isDone)
      throw new CliError('Another process changes partitions, indexes or the schema. Retry when it has ended.');
  }
  const nothing = `No partition is older than ${shortInstant(before)}.`;
  const title = yes ? 'Dropped; segments are computed again:' : 'Would drop (repeat with --yes):';
  await print(
    options,
    { partitions: old, isDropped: yes },
    old.length === 0 ? nothing : `${title}\n${formatPartitions(old)}`,
  );
}

function formatPartitions(partitions: readonly Partition[]): string {
  const rows = partitions.map(({ name, from, to, rows: count, size }) => [
    name,
    from?.toISOString().slice(0, 10) ?? '-',
    to.toISOString().slice(0, 10),
    String(count),
    `${(size / 1024 / 1024).toFixed(1)} MB`,
  ]);
  return formatColumns(['NAME', 'FROM', 'UNTIL', 'ROWS', 'SIZE'], rows);
}

function example(...commands: string[]): string {
  return `\nExamples:\n${commands.map((command) => `  npm run cli -- partitions ${command}`).join('\n')}`;
}
