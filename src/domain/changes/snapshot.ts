/**
 * A position in the log of changes: the text of a `pg_snapshot`, `xmin:xmax:xip,xip…`. The changes that are visible in it have been
 * returned. While a reader catches up in pieces, the snapshot to catch up with follows after a slash (feed.ts).
 */
export type Snapshot = string;

/** The ids of the transactions that were in progress. */
export function inProgressAt(snapshot: Snapshot): string[] {
  const [, , inProgress] = snapshot.split(':');
  return inProgress ? inProgress.split(',') : [];
}

/** The id from which on all transactions are later than the snapshot (`xmax`). */
export function upperBound(snapshot: Snapshot): string {
  const [, xmax] = snapshot.split(':');
  if (xmax === undefined) throw new Error(`Not a snapshot: ${snapshot}.`);
  return xmax;
}

/** The part of a snapshot with the transactions below an id, which is not above its `xmax`. */
export function endingBefore(snapshot: Snapshot, end: string): Snapshot {
  const inProgress = inProgressAt(snapshot).filter((xid) => BigInt(xid) < BigInt(end));
  return `${inProgress[0] ?? end}:${end}:${inProgress.join(',')}`;
}
