import { expect, vi } from 'vitest';
import type { DatabaseClient } from '../../src/db/client.ts';

/** Waits until `expected` statements of the database wait for a lock. */
export async function untilWaiting({ db }: { db: DatabaseClient }, expected: number): Promise<void> {
  const waiting = async () => {
    const [row] = await db.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    expect(row?.count).toBe(expected);
  };
  await vi.waitFor(waiting, { timeout: 8_000, interval: 20 });
}
