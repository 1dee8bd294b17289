import type { DatabaseClient } from '../client.ts';
import { withPartitionLock } from './session.ts';
import { DETACHED_PREFIX, type Partition, readPartitionState } from './state.ts';

/** The partitions whose events were all inserted before an instant. */
export function partitionsBefore(partitions: readonly Partition[], time: Date): Partition[] {
  return partitions.filter(({ to }) => to <= time);
}

/**
 * Drops partitions, and what an interrupted drop has left, in short steps: detach, call `onDetached`, drop.
 * @param onDetached called when the events can no longer be read; repeated if the drop is interrupted.
 * @returns false if another process changes partitions, indexes or the schema.
 */
export async function dropPartitions(
  db: DatabaseClient,
  partitions: readonly Pick<Partition, 'name'>[],
  onDetached: () => Promise<void>,
): Promise<boolean> {
  const isDone = await withPartitionLock(db, async ({ transaction }) => {
    const { partitions: attached = [] } = await readPartitionState(db);
    for (const { name } of partitions) {
      if (!attached.some((partition) => partition.name === name)) continue;
      await transaction('detachPartition', [
        'LOCK TABLE workspaces IN SHARE ROW EXCLUSIVE MODE',
        `ALTER TABLE events DETACH PARTITION "${name}"`,
        `ALTER TABLE "${name}" RENAME TO "${name.replace(/^events_/, DETACHED_PREFIX)}"`,
      ]);
    }
    const { detached } = await readPartitionState(db);
    if (detached.length > 0) await onDetached();
    for (const name of detached) await transaction('dropPartition', [`DROP TABLE "${name}"`]);
    return true;
  });
  return isDone ?? false;
}
