import type { Client } from 'pg';
import { compareResponses, type Workload } from './compare-responses.ts';
import type { Contestant, ServerSettings } from './contestants/contestant.ts';
import { createRequestSet } from './contestants/request-set.ts';
import { type ServerProcess, startServer } from './contestants/server-process.ts';
import { type BenchPostgres, connect, openBenchPostgres } from './database/open.ts';
import { prepareDatabase } from './database/prepare.ts';
import { restore } from './database/restore.ts';
import { waitUntilIdle } from './measure/wait-until-idle.ts';
import { type Inputs, type OperationName, pickInputs } from './operations.ts';
import type { ShowProgress } from './report/progress.ts';
import { withCleanup } from './with-cleanup.ts';

/** Database connections per server, unless `--pool` says otherwise; usergraph's default. */
export const POOL_SIZE = 10;

/** All servers run on the same core, so that the scheduler treats them alike. PostgreSQL and the load use all cores. */
const SERVER_CORE = 0;

/** The servers to start, the operations to send them, and the size of the database. */
export interface TestBedOptions {
  /** Users in the database. */
  users: number;
  contestants: readonly Contestant[];
  operations: readonly OperationName[];
  /** Database connections per server. */
  poolSize?: number;
}

/** A filled database, and running servers whose responses are equal. */
export interface TestBed {
  workloads: readonly Workload[];
  /** A connection to the database. */
  client: Client;
  /** Waits until no server has work left. */
  waitUntilIdle(): Promise<void>;
  /** Resets the rows that the operations have written. */
  restore(): Promise<void>;
}

/** Opens PostgreSQL and a test bed, runs `work`, and stops everything on completion or on a signal. */
export function withTestBed<Result>(
  options: TestBedOptions,
  showProgress: ShowProgress,
  work: (testBed: TestBed) => Promise<Result>,
): Promise<Result> {
  return withCleanup(async (stack) => {
    showProgress('Starting PostgreSQL');
    const postgres = stack.use(await openBenchPostgres());
    return await work(await openTestBed(options, postgres, stack, showProgress));
  });
}

/**
 * Fills the database, starts the servers and compares their responses.
 * @param stack disposes of the servers and the connection.
 * @throws {Error} if responses differ.
 */
export async function openTestBed(
  options: TestBedOptions,
  postgres: BenchPostgres,
  stack: AsyncDisposableStack,
  showProgress: ShowProgress,
): Promise<TestBed> {
  const databaseUrl = await postgres.databaseUrl(options.users);
  const workspaceId = await prepareDatabase(databaseUrl, options.users, showProgress);
  const client = stack.use(await connect({ connectionString: databaseUrl }));
  const settings = { databaseUrl, workspaceId, poolSize: options.poolSize ?? POOL_SIZE, core: SERVER_CORE };
  const servers: ServerProcess[] = [];
  for (const contestant of options.contestants) {
    showProgress(`Starting ${contestant.title}`);
    servers.push(stack.use(await startServer(contestant, settings)));
  }
  const inputs = await pickInputs(client, options.users);
  const workloads: Workload[] = [];
  for (const operation of options.operations) {
    showProgress(`Comparing responses: ${operation}`);
    const workload = createWorkload(operation, servers, settings, inputs[operation]);
    await compareResponses(workload, client, workspaceId);
    workloads.push(workload);
  }
  const pids = servers.map(({ pid }) => pid);
  return {
    workloads,
    client,
    waitUntilIdle: () => waitUntilIdle(pids, client),
    restore: () => restore(client, workspaceId),
  };
}

function createWorkload<Name extends OperationName>(
  operation: Name,
  servers: readonly ServerProcess[],
  settings: ServerSettings,
  inputs: readonly Inputs[Name][],
): Workload<Name> {
  const requestSets = servers.flatMap((server) => createRequestSet(server, settings, operation, inputs) ?? []);
  return { operation, inputs, requestSets };
}
