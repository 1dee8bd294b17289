import type { Database } from '../client.ts';
import { changePartitions } from './session.ts';
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
  db: Database,
  partitions: readonly Pick<Partition, 'name'>[],
  onDetached: () => Promise<void>,
): Promise<boolean> {
  for (const { name } of partitions) {
    const isDone = await changePartitions(db, 'detachPartition', ({ partitions: attached = [] }) =>
      attached.some((partition) => partition.name === name)
        ? [
            'LOCK TABLE workspaces IN SHARE ROW EXCLUSIVE MODE',
            `ALTER TABLE events DETACH PARTITION "${name}"`,
            `ALTER TABLE "${name}" RENAME TO "${name.replace(/^events_/, DETACHED_PREFIX)}"`,
          ]
        : [],
    );
    if (!isDone) return false;
  }
  const { detached } = await readPartitionState(db);
  if (detached.length > 0) await onDetached();
  for (const name of detached) {
    const isDone = await changePartitions(db, 'dropPartition', (state) =>
      state.detached.includes(name) ? [`DROP TABLE "${name}"`] : [],
    );
    if (!isDone) return false;
  }
  return true;
}
