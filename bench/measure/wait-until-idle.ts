import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { cpuMs } from './process.ts';

const POLL_INTERVAL_MS = 50;
/** Maximum CPU time of all idle processes together within one interval. */
const MAX_IDLE_CPU_MS = 10;
const TIMEOUT_MS = 10_000;

/**
 * Waits until the servers and the database have finished the work that a round has left behind, or until a timeout. The
 * unfinished work of a slow server would otherwise slow down the next server.
 */
export async function waitUntilIdle(pids: readonly number[], client: Client): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  let previousCpu = await totalCpuMs(pids);
  while (performance.now() < deadline) {
    await sleep(POLL_INTERVAL_MS);
    const cpu = await totalCpuMs(pids);
    if (cpu - previousCpu <= MAX_IDLE_CPU_MS && (await countActiveStatements(client)) === 0) return;
    previousCpu = cpu;
  }
}

async function totalCpuMs(pids: readonly number[]): Promise<number> {
  const times = await Promise.all(pids.map(cpuMs));
  return times.reduce((sum, ms) => sum + ms, 0);
}

async function countActiveStatements(client: Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(`
    SELECT count(*)::int FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'`);
  return rows[0]?.count ?? 0;
}
