import { join } from 'node:path';
import { type DebianPostgres, hasDebianPostgres, startDebianPostgres } from './debian-postgres.ts';
import { freePorts } from './free-ports.ts';
import { queryOn } from './own-server.ts';
import { postmasterPid } from './postmaster-pid.ts';
import { signalTree } from './process-tree.ts';

/** Whether the tests use Citus, which must then be installed for Debian's PostgreSQL. */
export const hasCitus = hasDebianPostgres && process.env.TEST_CITUS_URL !== undefined;

/** Shards are moved by logical replication, and transactions on several nodes are prepared. */
const SETTINGS = `
shared_preload_libraries = 'citus'
wal_level = logical
max_prepared_transactions = 200
max_connections = 200
max_worker_processes = 30
citus.node_conninfo = 'sslmode=disable'
`;

const DATABASE = 'usergraph';

/** A coordinator without shards, and workers, each on a port of 127.0.0.1. */
export class CitusCluster implements AsyncDisposable {
  readonly #nodes: readonly DebianPostgres[];
  readonly #ports: readonly number[];

  private constructor(nodes: readonly DebianPostgres[], ports: readonly number[]) {
    this.#nodes = nodes;
    this.#ports = ports;
  }

  static async start(workers: number): Promise<CitusCluster> {
    const first = await freePorts(workers + 1);
    const ports = Array.from({ length: workers + 1 }, (_, index) => first + index);
    const nodes = await Promise.all(ports.map((port) => startDebianPostgres({ port, settings: SETTINGS })));
    const cluster = new CitusCluster(nodes, ports);
    for (const index of ports.keys()) {
      await cluster.shell(index, `createdb ${DATABASE}`);
      await cluster.query(index, 'CREATE EXTENSION citus');
    }
    await cluster.query(0, `SELECT citus_set_coordinator_host('127.0.0.1', ${ports[0]})`);
    for (const index of cluster.workers) await cluster.query(0, `SELECT citus_add_node(${cluster.addressOf(index)})`);
    return cluster;
  }

  /** The indexes of the workers; 0 is the coordinator. */
  get workers(): number[] {
    return [...this.#ports.keys()].slice(1);
  }

  urlOf(index: number): string {
    return `postgresql://postgres@127.0.0.1:${this.#ports[index]}/${DATABASE}`;
  }

  /** The address of a node as arguments of Citus's functions. */
  addressOf(index: number): string {
    return `'127.0.0.1', ${this.#ports[index]}`;
  }

  /** The index of a node with a port. */
  indexOf(port: number): number {
    return this.#ports.indexOf(port);
  }

  query<Row = Record<string, unknown>>(index: number, sql: string): Promise<Row[]> {
    return queryOn({ connectionString: this.urlOf(index), query_timeout: 120_000 }, sql) as Promise<Row[]>;
  }

  shell(index: number, commands: string): Promise<string> {
    return this.#nodeAt(index).shell(commands);
  }

  /** Kills a node and all its sessions. */
  async kill(index: number): Promise<void> {
    signalTree(await postmasterPid(this.#nodeAt(index).directory), 'SIGKILL');
  }

  /** Starts a node that was killed. */
  async restart(index: number): Promise<void> {
    const node = this.#nodeAt(index);
    await node.shell(`rm -f ${join(node.directory, 'postmaster.pid')}`);
    await node.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.#nodes) await node[Symbol.asyncDispose]();
  }

  #nodeAt(index: number): DebianPostgres {
    const node = this.#nodes[index];
    if (!node) throw new Error(`There is no node ${index}.`);
    return node;
  }
}
