import type { Logger } from 'pino';
import { createApp } from './app.ts';
import { createKey } from './auth/keys.ts';
import { createVerifyToken } from './auth/tokens.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import { type Database, openDatabase } from './db/client.ts';
import { MigrationError, pendingMigrations } from './db/migrate.ts';
import { demoCredentials } from './dev/demo-data.ts';
import { type OpenDatabase, openEmbeddedDatabase } from './dev/embedded-database.ts';
import { StartError } from './dev/start-error.ts';
import { scopes } from './domain/scopes.ts';
import { greeting } from './greeting.ts';
import { createLogger } from './observability/logger.ts';

/** Longest time in ms that a shutdown waits for requests in flight and for the database. */
const SHUTDOWN_MS = 10_000;

/** Why the gateway cannot serve from its database, or nothing where it can. */
async function unreadiness(db: Database): Promise<string | undefined> {
  const pending = await pendingMigrations((sql) => db.$queryRawUnsafe(sql));
  return pending.length === 0 ? undefined : `Migrations are pending: ${pending.join(', ')}. Run npm run db:migrate.`;
}

/** Tells an operator at once what `/health/ready` would. */
async function warnIfUnready(db: Database, log: Logger): Promise<void> {
  try {
    const reason = await unreadiness(db);
    if (reason) log.warn(reason);
  } catch (error) {
    log.warn({ err: error }, 'The database of DATABASE_URL cannot be reached yet.');
  }
}

async function open({ databaseUrl, dataDirectory, poolSize, preparedStatements }: Config): Promise<OpenDatabase> {
  if (databaseUrl === undefined) {
    return openEmbeddedDatabase(dataDirectory, poolSize, (tx, id) => createKey(tx, id, scopes, demoCredentials));
  }
  const db = openDatabase({ connectionString: databaseUrl }, { poolSize, prepared: preparedStatements });
  return { db, close: () => db.$disconnect() };
}

async function start(config: Config, log: Logger): Promise<() => Promise<void>> {
  const { db, close } = await open(config);
  try {
    const app = await createApp({
      db,
      log,
      readiness: () => unreadiness(db),
      corsOrigins: config.corsOrigins,
      rateLimits: config.rateLimits,
      verifyToken: config.tokens && createVerifyToken(config.tokens),
      graphiql: config.graphiql
        ? { demoKey: config.databaseUrl === undefined ? demoCredentials : undefined }
        : undefined,
    });
    const address = await app.listen({ port: config.port, host: config.host });
    if (config.databaseUrl === undefined)
      process.stdout.write(`${greeting(address, demoCredentials, config.graphiql)}\n`);
    else await warnIfUnready(db, log);
    return async () => {
      await app.close();
      await close();
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One line for a person, for what a person can mend; anything else is a bug, and keeps its stack. */
function explain(error: unknown): string | undefined {
  if (error instanceof ConfigError || error instanceof StartError || error instanceof MigrationError)
    return error.message;
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  if (error.code === 'EADDRINUSE') return `${error.message}. Stop what listens there, or set PORT.`;
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return `${error.message}. Set PORT and HOST to an address that may be listened on.`;
  }
  return undefined;
}

function fail(error: unknown): never {
  process.stderr.write(`${explain(error) ?? (error instanceof Error ? error.stack : String(error))}\n`);
  process.exit(1);
}

/** Stops once, however many signals come: npm passes a Ctrl-C on that the terminal has sent already. */
function stopOnSignal(stop: (signal: string) => Promise<void>): void {
  let stopping = false;
  const onSignal = (signal: string) => {
    if (stopping) return;
    stopping = true;
    stop(signal).then(() => process.exit(0), fail);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
}

try {
  const config = readConfig(process.env);
  const log = createLogger(config.logLevel);
  const started = start(config, log);
  stopOnSignal(async (signal) => {
    log.info(`${signal}: finishing what is in flight`);
    setTimeout(() => fail(new Error('The shutdown took too long.')), SHUTDOWN_MS).unref();
    await (await started)();
  });
  await started;
} catch (error) {
  fail(error);
}
