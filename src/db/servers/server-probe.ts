import { Client } from 'pg';
import { z } from 'zod';
import { serverOf } from '../session.ts';
import type { ServerState } from './choose-primary.ts';

/** Timeout in ms of a connection for probes, and of each probe. */
const PROBE_TIMEOUT_MS = 1_000;

/** The name of the file that is written contains the timeline immediately after a promotion; the control file has it later. */
const PROBE = `/* probeServer */
  SELECT NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::bool AS "isWritable",
    (SELECT system_identifier::text FROM pg_control_system()) AS "systemId",
    CASE WHEN pg_is_in_recovery() THEN 0
      ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END AS timeline`;

const rows = z.tuple([z.object({ isWritable: z.boolean(), systemId: z.string(), timeline: z.number() })]);

/** Asks one server for its state, on a connection of its own. */
export class ServerProbe {
  readonly url: string;
  /** Host and port, for messages. */
  readonly server: string;
  #client: Client | undefined;

  constructor(url: string) {
    this.url = url;
    this.server = serverOf(new Client({ connectionString: url }));
  }

  /** @throws what the driver throws if the server does not answer within a second. */
  async ask(): Promise<ServerState> {
    try {
      this.#client ??= await this.#connect();
      return rows.parse((await this.#client.query(PROBE)).rows)[0];
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Closes the connection; the next probe opens another one. */
  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
  }

  async #connect(): Promise<Client> {
    const client = new Client({
      connectionString: this.url,
      connectionTimeoutMillis: PROBE_TIMEOUT_MS,
      query_timeout: PROBE_TIMEOUT_MS,
      fallback_application_name: 'usergraph monitor',
    });
    // Without a listener, the error of a connection that breaks while it is idle would end the process.
    client.on('error', () => {});
    await client.connect();
    return client;
  }
}
