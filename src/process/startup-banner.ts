import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import type { OpenDatabaseSource } from './database-source.ts';

type DemoKey = NonNullable<OpenDatabaseSource['demoKey']>;

const query = '{ users(first: 3) { totalCount nodes { uid firstName email devices { platform } } } }';

/**
 * Prints that the gateway is ready, with its address and what to do next. With `DATABASE_URL`, where standard output is not a
 * terminal, it writes a log line instead: all lines are JSON there.
 */
export function announceReadiness(
  address: string,
  { demoKey, description }: Pick<OpenDatabaseSource, 'demoKey' | 'description'>,
  { graphiql, persistedOperations }: Config,
  log: Logger,
): void {
  if (!demoKey && !process.stdout.isTTY) {
    log.info({ graphql: `${address}/graphql`, database: description }, 'usergraph is ready');
    return;
  }
  const page = `${graphiql ? 'GraphiQL' : 'GraphQL '}     ${address}/graphql`;
  const rest = demoKey
    ? demoInstructions(address, demoKey, persistedOperations?.only === true)
    : ownInstructions(description);
  process.stdout.write(`\n  usergraph is ready\n\n    ${page}\n${rest}\n`);
}

/** The demo key, and a command to paste unless only persisted operations are allowed, which rejects it. */
function demoInstructions(address: string, { publicKey, secret }: DemoKey, onlyPersisted: boolean): string {
  const keys = `    public key   ${publicKey}\n    secret       ${secret}\n`;
  if (onlyPersisted) return keys;
  return `${keys}
  Try it:

    curl -s ${address}/graphql -u ${publicKey}:${secret} -H 'content-type: application/json' -d '${JSON.stringify({ query })}'
`;
}

const ownInstructions = (description: string) =>
  `    database     ${description}

  Create a workspace and a key:

    npm run cli -- workspaces create "Acme"
    npm run cli -- keys create --workspace <id>
`;
