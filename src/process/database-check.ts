import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Logger } from 'pino';
import { clauseOf, describeDatabaseError, inOneLine, isUnavailable } from '../db/errors.ts';
import { pendingMigrations } from '../db/migrations/migrate.ts';
import { describeReadOnlyCause, type ReadOnlyCause } from '../db/read-only.ts';
import { type Connection, isUnsupportedParameter, serverOf } from '../db/session.ts';
import { type CheckedSessions, checkSessions, type ExpectedSession, SessionError } from '../db/session-check.ts';
import { StartError } from '../dev/start-error.ts';

/** Timeout in ms of an attempt to connect, and of each statement after it. */
const ATTEMPT_MS = 5_000;
/** Delay in ms after the first failed attempt. It doubles with each further one. */
const MIN_DELAY_MS = 100;
const MAX_DELAY_MS = 2_000;
/** How many pending migrations a message names. */
const SHOWN_MIGRATIONS = 3;

export interface DatabaseCheckOptions {
  /** The variable that names the server, for messages. */
  variable: string;
  /** How long in ms to wait for a server that is unreachable or starting up. */
  waitMs: number;
  log: Pick<Logger, 'info' | 'warn'>;
  /** Ends the wait: the promise rejects with an AbortError. */
  signal: AbortSignal;
  /** What each session needs, also behind a connection pooler. */
  sessions: ExpectedSession;
}

/** A database that can be used. */
export interface CheckedDatabase {
  connection: Connection;
  /** The database and its server, for messages: `"usergraph" at db.example.com:5432`. */
  description: string;
}

/** The server was unreachable until the end of the wait. */
export class UnreachableError extends StartError {
  /** The error of the last attempt, in one line. */
  readonly reason: string;

  constructor(message: string, reason: string) {
    super(message);
    this.reason = reason;
  }
}

/**
 * Checks that the database of a URL can be used, before the gateway listens: that the server is reachable, accepts the
 * credentials, has the database in UTF8 with all migrations, and gives sessions the time zone and the timeouts. Only an
 * unreachable server is waited for. A database that rejects writes is logged.
 *
 * @throws {UnreachableError} if the server is still unreachable after `waitMs`.
 * @throws {StartError} with one line that names the server, the database and the next step, but not the password.
 */
export async function checkDatabase(
  connectionString: string,
  { variable, waitMs, log, signal, sessions }: DatabaseCheckOptions,
): Promise<CheckedDatabase> {
  const target = describeTarget(connectionString, variable);
  const deadline = Date.now() + waitMs;
  let isWaiting = false;
  for (let delayMs = MIN_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
    try {
      const { connection, readOnly } = await checkOnce(connectionString, target, sessions);
      if (isWaiting) log.info(`PostgreSQL at ${target.server} is reachable`);
      if (readOnly) log.warn(explainReadOnly(readOnly, target));
      return { connection, description: `"${target.database}" at ${target.server}` };
    } catch (error) {
      if (error instanceof StartError) throw error;
      if (!isUnreachable(error)) throw new StartError(explain(error, target));
      const remainingMs = deadline - Date.now();
      if (remainingMs <= 0) throw new UnreachableError(explainUnreachable(error, target, waitMs), inOneLine(error));
      if (!isWaiting) {
        log.warn(`Cannot reach PostgreSQL at ${target.server} (${inOneLine(error)}); retrying for up to ${waitMs} ms`);
      }
      isWaiting = true;
      await delay(Math.min(delayMs, remainingMs), undefined, { signal });
    }
  }
}

interface Target {
  /** The variable with its URL. */
  variable: string;
  /** Host and port, or the folder of a Unix socket. */
  server: string;
  user: string;
  database: string;
}

/**
 * Checks that the driver can use the URLs of a variable, for example that it can read the certificates that they name.
 * @throws {StartError} that says which one is invalid.
 */
export function checkAddresses(urls: readonly string[], variable: string): void {
  for (const [index, url] of urls.entries()) {
    describeTarget(url, variable, urls.length === 1 ? variable : `${variable}: URL ${index + 1}`);
  }
}

/**
 * Resolves a URL as the driver does, which also reads variables such as PGHOST.
 * @param place of the URL, for messages.
 * @throws {StartError} if it is invalid.
 */
function describeTarget(connectionString: string, variable: string, place = variable): Target {
  try {
    const client = new Client({ connectionString });
    const { user = '', database = '' } = client;
    return { variable, server: serverOf(client), user, database };
  } catch (error) {
    throw new StartError(`${place} is invalid: ${inOneLine(error)}. Set it as in docs/configuration.md.`);
  }
}

async function checkOnce(
  connectionString: string,
  target: Target,
  sessions: ExpectedSession,
): Promise<CheckedSessions> {
  const config = { connectionTimeoutMillis: ATTEMPT_MS, query_timeout: ATTEMPT_MS };
  const client = new Client({ connectionString, ...config });
  // Without a listener, the error of a connection that breaks while it is idle would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    await checkContents(client, target);
  } finally {
    await client.end().catch(() => {});
  }
  return await checkSessions({ connectionString }, sessions, config);
}

/** @throws {StartError} if the database's encoding is not UTF8, or migrations are pending. */
async function checkContents(client: Client, { variable, server, database }: Target): Promise<void> {
  const { rows } = await client.query<{ encoding: string }>("SELECT current_setting('server_encoding') AS encoding");
  const encoding = rows[0]?.encoding;
  if (encoding !== 'UTF8') {
    throw new StartError(
      `Database "${database}" at ${server} has the encoding ${encoding}; it must be UTF8. Create another database with ENCODING 'UTF8' and run npm run db:migrate, or correct the name in ${variable}.`,
    );
  }
  const pending = await pendingMigrations(async (sql) => (await client.query(sql)).rows);
  if (pending.length === 0) return;
  const rest = pending.length > SHOWN_MIGRATIONS ? ` and ${pending.length - SHOWN_MIGRATIONS} more` : '';
  const names = pending.slice(0, SHOWN_MIGRATIONS).join(', ') + rest;
  throw new StartError(
    `Migrations are pending in database "${database}" at ${server}: ${names}. Run npm run db:migrate.`,
  );
}

const INVALID_CATALOG_NAME = '3D000';
const INSUFFICIENT_PRIVILEGE = '42501';

/** Whether the server is unreachable, starting up, or out of connections. */
function isUnreachable(error: unknown): boolean {
  return isUnavailable(error) && !isUnknownDatabase(error) && !isRejectedByPooler(error);
}

/** Whether the database does not exist. PgBouncer reports that of PostgreSQL, and its own, with the SQLSTATE of a lost connection. */
function isUnknownDatabase(error: unknown): boolean {
  const { sqlState, message } = describeDatabaseError(error);
  return sqlState === INVALID_CATALOG_NAME || /^no such database|^database ".*" does not exist$/.test(message);
}

/** Whether PgBouncer requires TLS. */
const requiresTls = (error: unknown) => describeDatabaseError(error).message === 'SSL required';

/** Whether PgBouncer rejects the user or its password; PostgreSQL does so with another SQLSTATE. */
function isRejectedLogin(error: unknown): boolean {
  const { sqlState, message } = describeDatabaseError(error);
  return sqlState === '08P01' && /^(no such user|SASL auth|password auth|auth failed)/.test(message);
}

/** Whether PgBouncer rejects the connection, the user or a parameter, which it reports with the SQLSTATE of a lost connection as well. */
const isRejectedByPooler = (error: unknown) =>
  isUnsupportedParameter(error) || requiresTls(error) || isRejectedLogin(error);

/** Whether PgBouncer itself cannot log in to PostgreSQL, or not reach it. */
const isPoolerDisconnected = (error: unknown) => /server_login_retry/.test(describeDatabaseError(error).message);

function explainReadOnly(cause: ReadOnlyCause, { variable, server, database }: Target): string {
  return `Database "${database}" at ${server} is read-only: ${describeReadOnlyCause(cause)}. Reads are served, writes fail with SERVICE_UNAVAILABLE. Point ${variable} to the primary, or make the database writable.`;
}

function explainUnreachable(error: unknown, { variable, server, database }: Target, waitMs: number): string {
  const nextStep = isPoolerDisconnected(error)
    ? 'The connection pooler cannot log in to PostgreSQL: see its log, and correct the address, user or password of PostgreSQL in its configuration.'
    : `Start the server, or correct the host and port in ${variable}.`;
  return `Cannot reach PostgreSQL at ${server} for database "${database}": ${inOneLine(error)}. Gave up after ${waitMs} ms (DATABASE_WAIT_MS). ${nextStep}`;
}

function explain(error: unknown, { variable, server, user, database }: Target): string {
  if (error instanceof SessionError) return error.message;
  const { sqlState } = describeDatabaseError(error);
  const original = inOneLine(error);
  const lacksPassword = original.includes('client password must be a string');
  const message = lacksPassword ? `it requires a password, and ${variable} has none` : original;
  if (isUnknownDatabase(error)) {
    return `Database "${database}" does not exist on PostgreSQL at ${server}. Create it and run npm run db:migrate, or correct the name in ${variable}.`;
  }
  // Class 28: invalid authorization. The driver itself fails if the server asks for a password and the URL has none.
  if (sqlState.startsWith('28') || original.startsWith('SASL:') || isRejectedLogin(error)) {
    const place = isRejectedLogin(error) ? "the pooler's auth_file" : 'pg_hba.conf';
    return `PostgreSQL at ${server} rejected user "${user}" for database "${database}": ${message}. Correct the user and password in ${variable}, or allow them in ${place}.`;
  }
  if (isCertificateError(error)) {
    return `PostgreSQL at ${server} has a certificate that cannot be verified: ${clauseOf(error)}. Set sslrootcert in ${variable} to the certificate of its CA, and the host to a name in its certificate.`;
  }
  if (requiresTls(error)) {
    return `PostgreSQL at ${server} requires TLS. Set sslmode=verify-full in ${variable}, and sslrootcert to the certificate of its CA.`;
  }
  const place = `database "${database}" at ${server} as user "${user}"`;
  if (sqlState === INSUFFICIENT_PRIVILEGE) return `Cannot use ${place}: ${message}. Grant the privilege to the user.`;
  return `Cannot use ${place}: ${message}. Correct ${variable}.`;
}

/** Whether the server's certificate was rejected: issued by another CA, for another host, or expired. */
function isCertificateError(error: unknown): boolean {
  const { code = '' } = describeDatabaseError(error);
  return /^(ERR_TLS_CERT_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/.test(code);
}
