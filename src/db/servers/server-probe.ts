import { Client, type ClientBase, type QueryConfig } from 'pg';
import { z } from 'zod';
import { breakConnection, serverOf } from '../session.ts';
import type { ServerState } from './choose-primary.ts';
import { parsePosition, type WalPosition } from './wal-position.ts';

/** What a probe reads in addition. */
export interface ProbedState extends ServerState {
  isStandby: boolean;
  /** What a standby has replayed, or what the primary has stored and can send to standbys. */
  position: WalPosition;
  /** What the primary has written, including what it has not stored yet (`synchronous_commit = off`). */
  written: WalPosition;
}

/** Timeout in ms of a connection for probes, and of each statement on it. */
const PROBE_TIMEOUT_MS = 1_000;

/** Identifies a server process: two of them do not start in the same microsecond. */
const INSTANCE = 'extract(epoch FROM pg_postmaster_start_time())::text';

/**
 * The name of the file that is written contains the timeline immediately after a promotion; the control file has it later. A standby's
 * timeline is in the control file after its next restart point; before, only members of `pg_read_all_stats` see that of its receiver.
 */
const PROBE = `/* probeServer */
  SELECT NOT is_standby AND NOT current_setting('transaction_read_only')::bool AS "isWritable", is_standby AS "isStandby",
    (SELECT system_identifier::text FROM pg_control_system()) AS "systemId", current_database()::text AS database,
    ${INSTANCE} AS instance,
    CASE WHEN is_standby THEN greatest((SELECT timeline_id FROM pg_control_checkpoint()),
        (SELECT min_recovery_end_timeline FROM pg_control_recovery()), (SELECT received_tli FROM pg_stat_wal_receiver))
      ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS timeline,
    (CASE WHEN is_standby THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_flush_lsn() END)::text AS position,
    (CASE WHEN is_standby THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_insert_lsn() END)::text AS written
  FROM (SELECT pg_is_in_recovery() AS is_standby OFFSET 0) AS server`;

const rows = z.tuple([
  z
    .object({
      isWritable: z.boolean(),
      isStandby: z.boolean(),
      systemId: z.string(),
      database: z.string(),
      instance: z.string(),
      timeline: z.number(),
      // Null on a standby that has replayed nothing yet.
      position: z.string().nullable(),
      written: z.string().nullable(),
    })
    .transform(({ position, written, ...state }): ProbedState => {
      const at = (lsn: string | null) =>
        parsePosition(`${state.timeline}-${lsn}`) ?? { timeline: state.timeline, lsn: 0n };
      return { ...state, position: at(position), written: at(written) };
    }),
]);

const instances = z.tuple([z.object({ instance: z.string() })]);

/** Returns the `instance` of the server of a connection. @throws what the driver throws if the server does not answer in time. */
export async function instanceOf(client: ClientBase): Promise<string> {
  const text = `/* readServerInstance */ SELECT ${INSTANCE} AS instance`;
  // The types of the driver lack the timeout of a statement.
  const statement: QueryConfig & { query_timeout: number } = { text, query_timeout: PROBE_TIMEOUT_MS };
  return instances.parse((await client.query(statement)).rows)[0].instance;
}

const CLOSED = 'The probe is closed.';

/** Asks one server for its state, on a connection of its own. */
export class ServerProbe {
  readonly url: string;
  /** Host and port, for messages. */
  readonly server: string;
  readonly #onEnd: () => void;
  #client: Client | undefined;
  #isClosed = false;

  /** @param onEnd called when the connection ends, unless `close` was called. */
  constructor(url: string, onEnd: () => void = () => {}) {
    this.url = url;
    this.server = serverOf(new Client({ connectionString: url }));
    this.#onEnd = onEnd;
  }

  /** @throws what the driver throws if the server does not answer within a second, or two if a connection has to be opened. */
  async ask(): Promise<ProbedState> {
    try {
      const client = this.#client ?? (await this.#connect());
      return rows.parse((await client.query(PROBE)).rows)[0];
    } catch (error) {
      this.#disconnect();
      throw this.#isClosed ? new Error(CLOSED) : error;
    }
  }

  /** Closes the connection, also one that is being opened. Does not wait for the server, which may hang. */
  close(): void {
    this.#isClosed = true;
    this.#disconnect();
  }

  /** The next probe opens another connection. */
  #disconnect(): void {
    const client = this.#client;
    this.#client = undefined;
    if (client) breakConnection(client, 'the probe has ended');
  }

  async #connect(): Promise<Client> {
    if (this.#isClosed) throw new Error(CLOSED);
    const client = new Client({
      connectionString: this.url,
      connectionTimeoutMillis: PROBE_TIMEOUT_MS,
      query_timeout: PROBE_TIMEOUT_MS,
      fallback_application_name: 'usergraph monitor',
    });
    // Without a listener, the error of a connection that breaks while it is idle would end the process.
    client.on('error', () => {});
    client.once('end', () => {
      if (!this.#isClosed) this.#onEnd();
    });
    // Assigned before it connects, so that `#disconnect` closes it: the driver leaves the socket open if the login fails on the client, for
    // example without a password.
    this.#client = client;
    await client.connect();
    return client;
  }
}
