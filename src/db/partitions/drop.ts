import { escapeIdentifier, escapeLiteral } from 'pg';
import type { Database } from '../client.ts';
import { lockTableSql } from '../short-transaction.ts';
import { DETACHED_MARK, type DropNotice, noticeMark, RECOMPUTED_MARK } from './marks.ts';
import { changePartitions, PartitionError } from './session.ts';
import { DETACHED_PREFIX, MAX_NAME_BYTES, type Partition, type PartitionState, readPartitionState } from './state.ts';

/** The partitions whose events were all inserted before an instant. */
export function partitionsBefore(partitions: readonly Partition[], time: Date): Partition[] {
  return partitions.filter(({ to }) => to <= time);
}

/**
 * Detaches a partition, so that its events can no longer be read, and marks it to be dropped. `dropDetachedTables` does the rest.
 * @param isDue checks again, under the locks and by the clock of the database, whether to drop the partition.
 * @returns `skipped` if the partition does not exist any more or is not due; `busy` if another process changes partitions, indexes or the
 * schema.
 */
export async function detachPartition(
  db: Database,
  name: string,
  isDue: (partition: Partition, now: Date) => boolean = () => true,
): Promise<'detached' | 'skipped' | 'busy'> {
  // PostgreSQL would truncate a longer name.
  const detachedName = escapeIdentifier(`${DETACHED_PREFIX}${name.replace(/^events_/, '')}`.slice(0, MAX_NAME_BYTES));
  let isFound = false;
  const isDone = await changePartitions(db, 'detachPartition', ({ partitions = [], now }) => {
    isFound = partitions.some((partition) => partition.name === name && isDue(partition, now));
    if (!isFound) return [];
    return [
      lockTableSql('workspaces', 'SHARE ROW EXCLUSIVE'),
      `ALTER TABLE events DETACH PARTITION ${escapeIdentifier(name)}`,
      `ALTER TABLE ${escapeIdentifier(name)} RENAME TO ${detachedName}`,
      commentOn(detachedName, DETACHED_MARK),
    ];
  });
  if (!isDone) return 'busy';
  return isFound ? 'detached' : 'skipped';
}

/**
 * Drops detached partitions, also those of interrupted drops.
 * @param onDetached called once for partitions that have been detached since; repeated if it is interrupted.
 * @returns false if another process changes partitions, indexes or the schema.
 * @throws {PartitionError} if some cannot be dropped, after dropping the others.
 */
export async function dropDetachedTables(db: Database, onDetached: () => Promise<void>): Promise<boolean> {
  const { detachedTables } = await readPartitionState(db);
  if (detachedTables.some(({ isRecomputed }) => !isRecomputed)) {
    await onDetached();
    const names = new Set(detachedTables.map(({ name }) => name));
    const isRecorded = await changePartitions(db, 'recordRecomputation', (state) =>
      state.detachedTables
        .filter(({ name }) => names.has(name))
        .map(({ name }) => commentOn(escapeIdentifier(name), RECOMPUTED_MARK)),
    );
    if (!isRecorded) return false;
  }
  let problem: PartitionError | undefined;
  for (const { name } of detachedTables) {
    try {
      if (!(await dropTable(db, name))) return false;
    } catch (error) {
      if (!(error instanceof PartitionError)) throw error;
      problem ??= error;
    }
  }
  if (problem) throw problem;
  return true;
}

function dropTable(db: Database, name: string): Promise<boolean> {
  return changePartitions(db, 'dropPartition', ({ detachedTables }) =>
    detachedTables.some((table) => table.name === name && table.isRecomputed)
      ? [`DROP TABLE ${escapeIdentifier(name)}`]
      : [],
  );
}

/**
 * Stores notices of drops in the comments of partitions.
 * @param plan returns the partitions to change, by the partitions as they are under the locks, with their new notices; null removes one.
 * @returns false if another process changes partitions, indexes or the schema.
 */
export function storeNotices(
  db: Database,
  plan: (state: PartitionState) => readonly { name: string; notice: DropNotice | null }[],
): Promise<boolean> {
  return changePartitions(db, 'announcePartitions', (state) =>
    plan(state).map(({ name, notice }) => commentOn(escapeIdentifier(name), notice && noticeMark(notice))),
  );
}

const commentOn = (table: string, text: string | null) =>
  `COMMENT ON TABLE ${table} IS ${text === null ? 'NULL' : escapeLiteral(text)}`;
