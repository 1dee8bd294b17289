import { expect, it } from 'vitest';
import { MAX_CANDIDATES, takeFirst } from '../../../src/domain/shared/take-first.ts';

const row = (id: string, ...place: number[]) => ({ id, place });

/** Returns the ids of the rows that are tried, in order. */
async function tried(rows: ReturnType<typeof row>[], skip = 0, taken?: string): Promise<string[]> {
  const ids: string[] = [];
  const result = await takeFirst(rows, skip, async ({ id }) => {
    ids.push(id);
    return id === taken ? `took ${id}` : undefined;
  });
  expect(result).toBe(taken === undefined ? undefined : `took ${taken}`);
  return ids;
}

// The rows of a distributed database arrive ordered within each shard only.
const rows = [row('b1', 0, 20), row('b2', 1, 5), row('a1', 0, 10), row('a2', 2, 1), row('a3', 10, 0)];

it('tries the rows of all shards in the order of their places', async () => {
  expect(await tried(rows)).toEqual(['a1', 'b1', 'b2', 'a2', 'a3']);
});

it('stops at the first row that can be taken', async () => {
  expect(await tried(rows, 0, 'b2')).toEqual(['a1', 'b1', 'b2']);
});

it('skips the first rows of all shards together', async () => {
  expect(await tried(rows, 2)).toEqual(['b2', 'a2', 'a3']);
});

it('tries a limited number of rows', async () => {
  const many = Array.from({ length: 3 * MAX_CANDIDATES }, (_, place) => row(String(place), place));
  expect(await tried(many.toReversed(), 1)).toEqual(many.slice(1, 1 + MAX_CANDIDATES).map(({ id }) => id));
});
