import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Logger } from 'pino';
import { describeDatabaseError, inOneLine, isUnavailable } from '../db/errors.ts';
import { pendingMigrations } from '../db/migrations/migrate.ts';
import { StartError } from '../dev/start-error.ts';

/** Timeout in ms of an attempt to connect, and of each statement after it. */
const ATTEMPT_MS = 5_000;
/** Delay in ms after the first failed attempt. It doubles with each further one. */
const MIN_DELAY_MS = 100;
const MAX_DELAY_MS = 2_000;
/** How many pending migrations a message names. */
const SHOWN_MIGRATIONS = 3;

export interface DatabaseCheckOptions {
  /** How long in ms to wait for a server that is unreachable or starting up. */
  waitMs: number;
  log: Pick<Logger, 'info' | 'warn'>;
  /** Ends the wait: the promise rejects with an AbortError. */
  signal: AbortSignal;
}

/**
 * Checks that the database of a URL can be used, before the gateway listens: that the server is reachable, accepts the
 * credentials, and has the database in UTF8 with all migrations. Only an unreachable server is waited for.
 *
 * @returns the database and its server, for messages: `"usergraph" at db.example.com:5432`.
 * @throws {StartError} with one line that names the server, the database and the next step, but not the password.
 */
export async function checkDatabase(
  connectionString: string,
  { waitMs, log, signal }: DatabaseCheckOptions,
): Promise<string> {
  const target = describeTarget(connectionString);
  const deadline = Date.now() + waitMs;
  let isWaiting = false;
  for (let delayMs = MIN_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
    try {
      await checkOnce(connectionString, target);
      if (isWaiting) log.info(`PostgreSQL at ${target.server} is reachable`);
      return `"${target.database}" at ${target.server}`;
    } catch (error) {
      if (!isUnreachable(error)) throw error instanceof StartError ? error : new StartError(explain(error, target));
      const remainingMs = deadline - Date.now();
      if (remainingMs <= 0) throw new StartError(explainUnreachable(error, target, waitMs));
      if (!isWaiting) {
        log.warn(`Cannot reach PostgreSQL at ${target.server} (${inOneLine(error)}); retrying for up to ${waitMs} ms`);
      }
      isWaiting = true;
      await delay(Math.min(delayMs, remainingMs), undefined, { signal });
    }
  }
}

interface Target {
  /** Host and port, or the folder of a Unix socket. */
  server: string;
  user: string;
  database: string;
}

/** Resolves a URL as the driver does, which also reads variables such as PGHOST. @throws {StartError} if it is invalid. */
function describeTarget(connectionString: string): Target {
  try {
    const { host, port, user = '', database = '' } = new Client({ connectionString });
    return { server: host.startsWith('/') ? host : `${host}:${port}`, user, database };
  } catch (error) {
    throw new StartError(`DATABASE_URL is invalid: ${inOneLine(error)}. Set it as in docs/configuration.md.`);
  }
}

async function checkOnce(connectionString: string, { server, database }: Target): Promise<void> {
  const client = new Client({ connectionString, connectionTimeoutMillis: ATTEMPT_MS, query_timeout: ATTEMPT_MS });
  // Without a listener, the error of a connection that breaks while it is idle would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ encoding: string }>("SELECT current_setting('server_encoding') AS encoding");
    const encoding = rows[0]?.encoding;
    if (encoding !== 'UTF8') {
      throw new StartError(
        `Database "${database}" at ${server} has the encoding ${encoding}; it must be UTF8. Create another database with ENCODING 'UTF8' and run npm run db:migrate, or correct the name in DATABASE_URL.`,
      );
    }
    const pending = await pendingMigrations(async (sql) => (await client.query(sql)).rows);
    if (pending.length === 0) return;
    const rest = pending.length > SHOWN_MIGRATIONS ? ` and ${pending.length - SHOWN_MIGRATIONS} more` : '';
    const names = pending.slice(0, SHOWN_MIGRATIONS).join(', ') + rest;
    throw new StartError(
      `Migrations are pending in database "${database}" at ${server}: ${names}. Run npm run db:migrate.`,
    );
  } finally {
    await client.end().catch(() => {});
  }
}

const INVALID_CATALOG_NAME = '3D000';
const INSUFFICIENT_PRIVILEGE = '42501';

/** Whether the server is unreachable, starting up, or out of connections. */
function isUnreachable(error: unknown): boolean {
  return isUnavailable(error) && describeDatabaseError(error).sqlState !== INVALID_CATALOG_NAME;
}

function explainUnreachable(error: unknown, { server, database }: Target, waitMs: number): string {
  return `Cannot reach PostgreSQL at ${server} for database "${database}": ${inOneLine(error)}. Gave up after ${waitMs} ms (DATABASE_WAIT_MS). Start the server, or correct the host and port in DATABASE_URL.`;
}

function explain(error: unknown, { server, user, database }: Target): string {
  const { sqlState } = describeDatabaseError(error);
  const original = inOneLine(error);
  const lacksPassword = original.includes('client password must be a string');
  const message = lacksPassword ? 'it requires a password, and DATABASE_URL has none' : original;
  if (sqlState === INVALID_CATALOG_NAME) {
    return `Database "${database}" does not exist on PostgreSQL at ${server}. Create it and run npm run db:migrate, or correct the name in DATABASE_URL.`;
  }
  // Class 28: invalid authorization. The driver itself fails if the server asks for a password and the URL has none.
  if (sqlState.startsWith('28') || original.startsWith('SASL:')) {
    return `PostgreSQL at ${server} rejected user "${user}" for database "${database}": ${message}. Correct the user and password in DATABASE_URL, or allow them in pg_hba.conf.`;
  }
  const place = `database "${database}" at ${server} as user "${user}"`;
  if (sqlState === INSUFFICIENT_PRIVILEGE) return `Cannot use ${place}: ${message}. Grant the privilege to the user.`;
  return `Cannot use ${place}: ${message}. Correct DATABASE_URL.`;
}
