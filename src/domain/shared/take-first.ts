/**
 * Maximum number of rows of a queue that are read to find one that no other process has locked. If there are more processes, some find
 * none and try again with the next run of their job.
 */
export const MAX_CANDIDATES = 20;

/** A row of a queue. */
export interface Candidate {
  /** Its sort key in the queue, compared element by element, lowest first. */
  place: readonly number[];
}

/**
 * Takes the first row of a queue that can be taken. A distributed database locks rows of one workspace only, and reads each of its shards in
 * an order of its own. So one statement reads the rows of all workspaces, and another, which names the workspace of a row, takes it.
 * @param candidates the first `skip + MAX_CANDIDATES` rows of each shard.
 * @param skip number of rows to skip, because taking them has failed.
 * @param take returns undefined if another process has locked the row or completed its work.
 */
export async function takeFirst<Row extends Candidate, Result>(
  candidates: readonly Row[],
  skip: number,
  take: (candidate: Row) => Promise<Result | undefined>,
): Promise<Result | undefined> {
  const queue = candidates.toSorted((one, other) => comparePlaces(one.place, other.place));
  for (const candidate of queue.slice(skip, skip + MAX_CANDIDATES)) {
    const result = await take(candidate);
    if (result !== undefined) return result;
  }
  return undefined;
}

function comparePlaces(one: readonly number[], other: readonly number[]): number {
  const differences = one.map((number, index) => number - (other[index] ?? 0));
  return differences.find((difference) => difference !== 0) ?? 0;
}
