import { randomUUID } from 'node:crypto';
import type { Client, ClientConfig } from 'pg';
import { z } from 'zod';
import { IS_DISTRIBUTED, RUN_SIGNATURE } from './distribution/functions.ts';
import { describeDatabaseError } from './errors.ts';
import { type ReadOnlyCause, toReadOnlyCause } from './read-only.ts';
import { type Connection, openSession, type SessionTimeouts, serverOf, timeoutSettings } from './session.ts';

/** Sessions of a database lack what this process relies on; the message says in one line what, and what to do. */
export class SessionError extends Error {
  override name = 'SessionError';
}

/** What the sessions of a database are expected to have. */
export interface ExpectedSession {
  /** Sessions without them, or with longer ones, are rejected. */
  timeouts: SessionTimeouts;
  /** Whether shorter timeouts are accepted, such as those that a connection pooler has for gateways. */
  allowsShorter: boolean;
  /** Whether statements are to be prepared. */
  prepared: boolean;
}

/** What is known about the sessions of a database. */
export interface CheckedSessions {
  /** The connection with which to open sessions. */
  connection: Connection;
  /** Why the database rejects writes; undefined if it accepts them. */
  readOnly: ReadOnlyCause | undefined;
}

/** Number of sessions behind a connection pooler whose settings are compared. */
const SAMPLES = 4;
const SAMPLE_SECONDS = 0.02;

/** Number of times that prepared statements are tried behind a connection pooler. */
const ATTEMPTS = 3;

/** The names of UTC that have no daylight saving time. */
const utcNames = /^(Etc\/)?(UTC|UCT|GMT|Zulu|Universal)$/i;

const SETTINGS = z.tuple([
  z.object({
    pid: z.number(),
    timeZone: z.string(),
    isStandby: z.boolean(),
    isReadOnly: z.boolean(),
    isDistributed: z.boolean(),
    hasFunctions: z.boolean(),
    timeouts: z.record(z.string(), z.number()),
  }),
]);

type Settings = z.output<typeof SETTINGS>[0];

/**
 * Checks what a connection pooler can silently take away: the time zone, the timeouts and prepared statements. Without a pooler,
 * that takes one statement. Behind one, several sessions run it at once, since each can use another connection to PostgreSQL.
 * @param config of the driver.
 * @throws {SessionError}
 * @throws what the driver throws if the database is unreachable.
 */
export async function checkSessions(
  connection: Connection,
  expected: ExpectedSession,
  config: ClientConfig,
): Promise<CheckedSessions> {
  const first = await openSession(connection, expected.timeouts, config);
  const clients = [first.client];
  try {
    const own = await readSettings(first.client, 0);
    const isPooled = own.pid !== first.client.processID;
    const opened = isPooled
      ? Array.from({ length: SAMPLES - 1 }, () => openSession(first.connection, expected.timeouts, config))
      : [];
    for (const result of await Promise.allSettled(opened)) {
      if (result.status === 'fulfilled') clients.push(result.value.client);
    }
    const settings = isPooled
      ? await Promise.all(clients.map((client) => readSettings(client, SAMPLE_SECONDS)))
      : [own];
    rejectTimeZones(settings, first.client);
    rejectTimeouts(settings, expected, first.client);
    if (own.isDistributed && !own.hasFunctions) {
      throw new SessionError(
        `The functions of the distributed ${placeOf(first.client)} are those of another version of usergraph. Run npm run db:migrate with the URL of the coordinator.`,
      );
    }
    if (isPooled && expected.prepared) await tryPrepared(clients);
    return {
      connection: own.isDistributed ? { ...first.connection, isDistributed: true } : first.connection,
      readOnly: toReadOnlyCause(own),
    };
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => {})));
  }
}

/** Reads the settings of a session. @param seconds for how long: sessions that do so at once use different connections. */
async function readSettings(client: Client, seconds: number): Promise<Settings> {
  const { rows } = await client.query(`/* checkSession */
    SELECT pg_backend_pid() AS pid, current_setting('TimeZone') AS "timeZone", pg_is_in_recovery() AS "isStandby",
      current_setting('transaction_read_only')::bool AS "isReadOnly",
      ${IS_DISTRIBUTED} AS "isDistributed", to_regprocedure('${RUN_SIGNATURE}') IS NOT NULL AS "hasFunctions",
      (SELECT json_object_agg(name, setting::int) FROM pg_settings
       WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')) AS timeouts
    FROM pg_sleep(${seconds})`);
  return SETTINGS.parse(rows)[0];
}

/** Names the database and the server, for messages. */
const placeOf = (client: Client) => `database "${client.database}" at ${serverOf(client)}`;

/** The command that makes settings those of a role in a database. */
const alterRole = ({ user, database }: Client, setting: string) =>
  `ALTER ROLE "${user}" IN DATABASE "${database}" SET ${setting}`;

/** @throws {SessionError} */
function rejectTimeZones(settings: readonly Settings[], client: Client): void {
  const wrong = settings.find(({ timeZone }) => !utcNames.test(timeZone));
  if (!wrong) return;
  throw new SessionError(
    `Sessions of ${placeOf(client)} have the time zone ${wrong.timeZone}; it must be UTC, or instants are stored hours off. Let the connection pooler pass on the startup parameter TimeZone, or run ${alterRole(client, "timezone = 'UTC'")}.`,
  );
}

/** The variables of the gateway with the maximum of a timeout. */
const TIMEOUT_VARIABLES: Readonly<Record<string, string>> = {
  statement_timeout: 'LIMIT_STATEMENT_MS',
  lock_timeout: 'LIMIT_LOCK_MS',
};

/** A timeout that differs from what is expected, in ms. */
interface WrongTimeout {
  name: string;
  expected: number;
  found: number;
}

/** @throws {SessionError} */
function rejectTimeouts(
  settings: readonly Settings[],
  { timeouts, allowsShorter }: ExpectedSession,
  client: Client,
): void {
  const isWrong = (ms: number, expected: number) => (allowsShorter ? ms === 0 || ms > expected : ms !== expected);
  const wrong = Object.entries(timeoutSettings(timeouts)).flatMap(([name, expected]): WrongTimeout[] => {
    const found = settings.map((session) => session.timeouts[name] ?? 0).find((ms) => isWrong(ms, expected));
    return found === undefined ? [] : [{ name, expected, found }];
  });
  if (wrong.length === 0) return;
  throw new SessionError(
    `Sessions of ${placeOf(client)} ${allowsShorter ? explainLongTimeouts(wrong, client) : explainOtherTimeouts(wrong)}`,
  );
}

function explainLongTimeouts(wrong: readonly WrongTimeout[], client: Client): string {
  const list = wrong.map(({ name, expected, found }) => {
    const variable = TIMEOUT_VARIABLES[name];
    return `${name} is ${durationOf(found)} (at most ${expected} ms${variable === undefined ? '' : `, ${variable}`})`;
  });
  const commands = wrong.map(({ name, expected }) => alterRole(client, `${name} = ${expected}`));
  return `lack timeouts: ${list.join(', ')}. Set them in the connection pooler (connect_query of deploy/pgbouncer/pgbouncer.ini), or run ${commands.join('; ')}.`;
}

function explainOtherTimeouts(wrong: readonly WrongTimeout[]): string {
  const list = wrong.map(({ name, expected, found }) => `${name} is ${durationOf(found)} instead of ${expected} ms`);
  return `do not have the timeouts that the command needs: ${list.join(', ')}. Set DATABASE_DIRECT_URL to the address of PostgreSQL itself, without a connection pooler.`;
}

const durationOf = (ms: number) => (ms === 0 ? 'off' : `${ms} ms`);

/** SQLSTATEs of a prepared statement that does not exist, and of one that exists already. */
const UNPREPARED = new Set(['26000', '42P05']);

/**
 * Prepares different statements of one name in several sessions, and executes them again. A pooler that does not keep prepared
 * statements apart lets one connection to PostgreSQL see the statements of several sessions, or of none.
 * @throws {SessionError}
 */
async function tryPrepared(clients: readonly Client[]): Promise<void> {
  const name = `check_${randomUUID().replaceAll('-', '')}`;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    for (const [index, client] of clients.entries()) {
      const text = `/* checkPrepared */ SELECT ${index} AS index`;
      const isKept = await client.query<{ index: number }>({ name, text }).then(
        ({ rows }) => rows[0]?.index === index,
        (error: unknown) => {
          if (UNPREPARED.has(describeDatabaseError(error).sqlState)) return false;
          throw error;
        },
      );
      if (isKept) continue;
      throw new SessionError(
        `The connection pooler of ${placeOf(client)} does not keep prepared statements. Set PREPARED_STATEMENTS=off, or use PgBouncer 1.21 or later with max_prepared_statements (deploy/pgbouncer/pgbouncer.ini).`,
      );
    }
  }
}
