import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { cpuMs } from './process.ts';

/** How often in ms it is looked, and how much CPU time in ms of that is idling. */
const INTERVAL_MS = 50;
const IDLE_MS = 10;

/** Longest wait in ms. */
const PATIENCE_MS = 10_000;

/**
 * Waits until processes and the database have done what was begun when a round ended, whose answers nobody takes: what
 * a slow contestant leaves behind would slow down the one that comes next.
 */
export async function settle(pids: readonly number[], client: Client): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  let before = await cpuOf(pids);
  while (performance.now() < until) {
    await sleep(INTERVAL_MS);
    const now = await cpuOf(pids);
    if (now - before <= IDLE_MS && (await statementsUnderWay(client)) === 0) return;
    before = now;
  }
}

async function cpuOf(pids: readonly number[]): Promise<number> {
  const each = await Promise.all(pids.map(cpuMs));
  return each.reduce((sum, ms) => sum + ms, 0);
}

async function statementsUnderWay(client: Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(`
    SELECT count(*)::int FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle'`);
  return rows[0]?.count ?? 0;
}
