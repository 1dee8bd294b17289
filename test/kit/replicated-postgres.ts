import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DebianPostgres, startDebianPostgres } from './debian-postgres.ts';
import { freePorts } from './free-ports.ts';
import { queryOn } from './own-server.ts';
import { postmasterPid } from './postmaster-pid.ts';
import { signalTree } from './process-tree.ts';

const SERVERS = 3;

/** Servers wait for replication of each commit to any other one, whose queries then see it. */
const SETTINGS = `
wal_log_hints = on
wal_keep_size = 512MB
max_connections = 60
synchronous_commit = remote_apply
synchronous_standby_names = 'ANY 1 (s0, s1, s2)'
`;

/** A primary and two standbys of Debian's PostgreSQL on ports of 127.0.0.1, in one folder. */
export class ReplicatedPostgres implements AsyncDisposable {
  readonly ports: readonly number[];
  readonly #postgres: DebianPostgres;
  /** The index of the primary in `ports`. */
  primary = 0;

  private constructor(postgres: DebianPostgres, firstPort: number) {
    this.#postgres = postgres;
    this.ports = Array.from({ length: SERVERS }, (_, index) => firstPort + index);
  }

  /** @param prepare fills the primary before there are standbys. */
  static async start(prepare: (url: string) => Promise<void>): Promise<ReplicatedPostgres> {
    const port = await freePorts(SERVERS);
    const postgres = await startDebianPostgres({ port });
    const servers = new ReplicatedPostgres(postgres, port);
    await postgres.shell('createdb usergraph');
    await prepare(servers.urlOf(0));
    await postgres.shell('pg_ctl -D data -m fast -w -s stop');
    await appendFile(join(postgres.directory, 'postgresql.conf'), SETTINGS);
    await servers.#start(0);
    for (const index of [1, 2]) {
      await postgres.shell(`pg_basebackup -D ${servers.#folderOf(index)} -c fast`);
      await servers.#follow(index);
    }
    return servers;
  }

  urlOf(index: number): string {
    return `postgresql://postgres@127.0.0.1:${this.ports[index]}/usergraph`;
  }

  get urls(): string[] {
    return this.ports.map((_, index) => this.urlOf(index));
  }

  /** Kills the primary and all its sessions. */
  async kill(): Promise<void> {
    signalTree(await postmasterPid(join(this.#postgres.folder, this.#folderOf(this.primary))), 'SIGKILL');
  }

  /** Pauses a server and all its sessions: they neither respond nor close connections. */
  async pause(index: number): Promise<void> {
    signalTree(await postmasterPid(join(this.#postgres.folder, this.#folderOf(index))), 'SIGSTOP');
  }

  async resume(index: number): Promise<void> {
    signalTree(await postmasterPid(join(this.#postgres.folder, this.#folderOf(index))), 'SIGCONT');
  }

  /** Promotes the standby that has received more. @returns when it accepts writes, in ms of the clock. */
  async promote(): Promise<number> {
    const standbys = this.ports.map((_, index) => index).filter((index) => index !== this.primary);
    const positions = await Promise.all(
      standbys.map(async (index) => {
        const sql = `SELECT pg_wal_lsn_diff(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0')::float8 AS lsn`;
        return { index, lsn: Number((await this.query(index, sql))[0]?.lsn) };
      }),
    );
    const [best] = positions.sort((a, b) => b.lsn - a.lsn);
    const [former, next] = [this.primary, best?.index ?? 0];
    await this.#postgres.shell(`pg_ctl -D ${this.#folderOf(next)} -w -s promote`);
    const promotedAt = Date.now();
    this.primary = next;
    const [other = 0] = standbys.filter((index) => index !== next && index !== former);
    await this.query(other, `ALTER SYSTEM SET primary_conninfo = '${this.#conninfo}'`);
    await this.query(other, 'SELECT pg_reload_conf()');
    return promotedAt;
  }

  /** Makes a killed primary a standby of the current one. */
  async rejoin(index: number): Promise<void> {
    await this.query(this.primary, 'CHECKPOINT');
    const source = `${this.#conninfo} dbname=postgres`;
    // The pid of a killed process that nobody has waited for still exists.
    await this.#postgres.shell(`rm -f ${this.#folderOf(index)}/postmaster.pid`);
    await this.#postgres.shell(`pg_rewind -D ${this.#folderOf(index)} --source-server='${source}' --no-sync`);
    await this.#follow(index);
  }

  query(index: number, sql: string): Promise<Record<string, unknown>[]> {
    return queryOn({ connectionString: this.urlOf(index), query_timeout: 30_000 }, sql);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#postgres[Symbol.asyncDispose]();
  }

  #folderOf(index: number): string {
    return index === 0 ? 'data' : `data${index}`;
  }

  get #conninfo(): string {
    return `host=127.0.0.1 port=${this.ports[this.primary]} user=postgres`;
  }

  async #follow(index: number): Promise<void> {
    const folder = this.#folderOf(index);
    await this.#postgres.shell(
      `touch ${folder}/standby.signal; echo "primary_conninfo = '${this.#conninfo}'" >> ${folder}/postgresql.auto.conf`,
    );
    await this.#start(index);
  }

  async #start(index: number): Promise<void> {
    const folder = this.#folderOf(index);
    const options = `-p ${this.ports[index]} -c cluster_name=s${index}`;
    await this.#postgres.shell(`pg_ctl -D ${folder} -l ${folder}.log -w -s -o "${options}" start`);
  }
}
