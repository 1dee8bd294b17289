import { Client, type ClientConfig, type PoolConfig } from 'pg';
import { distributedClientOf } from './distribution/client.ts';
import { describeDatabaseError } from './errors.ts';
import type { DatabaseTimeouts } from './timeouts.ts';

declare module 'pg' {
  /** What the types of the driver lack. */
  interface Client {
    /** The session's process id, as the server has announced it. */
    readonly processID: number | null;
    /** The parameters of the startup packet. */
    getStartupConf(): Record<string, string>;
  }

  /** Sends messages. The types of the driver are those of an older version, whose methods have a second parameter. */
  interface Connection {
    /** The texts of the statements that PostgreSQL has prepared, by name. */
    readonly parsedStatements: Record<string, string>;
    /** Those that were sent and are not confirmed yet. */
    readonly submittedNamedStatements: Record<string, string>;
    parse(statement: { name?: string; text: string }): void;
    bind(portal: { statement?: string; values?: readonly (string | Buffer | null)[] }): void;
    describe(subject: { type: 'S'; name: string } | { type: 'P' }): void;
    execute(portal: { rows?: string }): void;
    close(statement: { type: 'S'; name: string }): void;
  }
}

/** Several servers of one database. Plain data: the primary process passes it to the workers. */
export interface Servers {
  /** The URLs of the primary and its standbys. */
  urls: string[];
  /** The identifier of their cluster. */
  systemId: string;
  database: string;
  /** The highest timeline that was seen on any of them: a primary on a lower one is outdated. */
  timeline: number;
}

/** Supplies the URL of each new connection, and tracks open connections. */
export interface ConnectionSource {
  /** The URL of the server; by default, the address of the connection. */
  readonly url?: string;
  /** Registers a connection that is about to be opened. */
  registerConnection(client: Client): void;
}

/** The address of a database: a URL, or the parts of that of the embedded server, which has neither passwords nor TLS. */
export type Connection = Pick<PoolConfig, 'connectionString' | 'host' | 'port' | 'user' | 'database'> & {
  ssl?: false;
  /** True if the server is a connection pooler that rejects timeouts in the startup packet: the pooler or the role sets them. */
  timeoutsAtPooler?: boolean;
  /** True if the tables are distributed over several nodes (docs/scale-out.md). */
  isDistributed?: boolean;
  /** All servers of the database, if there are several; the URL is that of the primary when they were asked. */
  servers?: Servers;
};

/** The timeouts that are settings of a session. */
export type SessionTimeouts = Pick<DatabaseTimeouts, 'statementMs' | 'lockMs'>;

/** `idle_in_transaction_session_timeout`, in ms. */
const IDLE_TRANSACTION_MS = 10_000;

/** The timeouts of a session, in ms, by the names of PostgreSQL's settings. */
export const timeoutSettings = ({ statementMs, lockMs }: SessionTimeouts): Record<string, number> => ({
  statement_timeout: statementMs,
  lock_timeout: lockMs,
  idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
});

/** The part of a connection that the driver takes. */
export function addressOf(connection: Connection): ClientConfig {
  const { timeoutsAtPooler: _timeouts, isDistributed: _distributed, servers: _servers, ...address } = connection;
  return address;
}

/**
 * The driver's client with the settings of a session. They are parameters of their own in the startup packet rather than
 * `options`: PgBouncer rejects `options` by default, but accepts `TimeZone`, and gives each client a server connection with the
 * client's time zone. With a time zone other than UTC, Prisma's adapter would store instants that are hours off.
 * @param source chooses the server of each connection.
 */
export function clientOf(
  { timeoutsAtPooler, isDistributed }: Connection,
  timeouts: SessionTimeouts,
  source?: ConnectionSource,
): typeof Client {
  const sent = timeoutsAtPooler ? [] : Object.entries(timeoutSettings(timeouts));
  const settings = { TimeZone: 'UTC', ...Object.fromEntries(sent.map(([name, ms]) => [name, String(ms)])) };
  const session = class extends Client {
    constructor(config?: string | ClientConfig) {
      super(
        source?.url !== undefined && typeof config === 'object' ? { ...config, connectionString: source.url } : config,
      );
      source?.registerConnection(this);
    }

    override getStartupConf() {
      return { ...super.getStartupConf(), ...settings };
    }
  };
  return isDistributed ? distributedClientOf(session, timeouts.lockMs) : session;
}

/**
 * Opens a session with its settings; without the timeouts if a connection pooler rejects them.
 * @returns the session, and the connection with what was found out.
 * @throws what the driver throws.
 */
export async function openSession(
  connection: Connection,
  timeouts: SessionTimeouts,
  config: ClientConfig,
): Promise<{ client: Client; connection: Connection }> {
  try {
    return { client: await connect(connection, timeouts, config), connection };
  } catch (error) {
    if (connection.timeoutsAtPooler || !isUnsupportedParameter(error)) throw error;
    const pooler = { ...connection, timeoutsAtPooler: true };
    return { client: await connect(pooler, timeouts, config), connection: pooler };
  }
}

async function connect(connection: Connection, timeouts: SessionTimeouts, config: ClientConfig): Promise<Client> {
  const client = new (clientOf(connection, timeouts))({ ...addressOf(connection), ...config });
  // Without a listener, the error of a connection that breaks while it is idle would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

/** Breaks a connection at once: the pool removes it if it is idle, and its statement fails otherwise. */
export function breakConnection({ connection }: Client, reason: string): void {
  connection.stream.destroy(new Error(`Connection terminated: ${reason}`));
}

/** Whether PgBouncer rejected a parameter of the startup packet. */
export function isUnsupportedParameter(error: unknown): boolean {
  return /unsupported startup parameter/.test(describeDatabaseError(error).message);
}

/** The server of a session for messages: host and port, or the folder of a Unix socket. */
export const serverOf = ({ host, port }: Client): string => (host.startsWith('/') ? host : `${host}:${port}`);
