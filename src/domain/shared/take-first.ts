/**
 * Number of rows of a queue that are read to find one that no other process has locked, oldest first. A process locks one at a time:
 * more processes than this one may find nothing, and try again with the next run of their job.
 */
export const MAX_CANDIDATES = 20;

/**
 * Takes the first of some rows of a queue that can be taken. A row is found by one statement, which reads all workspaces, and taken by
 * another, which names the row's workspace, since a distributed database locks rows of one workspace only.
 * @param take returns undefined if another process has locked the row, or completed its work.
 */
export async function takeFirst<Candidate, Result>(
  candidates: readonly Candidate[],
  take: (candidate: Candidate) => Promise<Result | undefined>,
): Promise<Result | undefined> {
  for (const candidate of candidates) {
    const result = await take(candidate);
    if (result !== undefined) return result;
  }
  return undefined;
}
