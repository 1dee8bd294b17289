import type { Logger } from 'pino';
import type { DatabaseClient } from '../db/client.ts';
import { removeConversionCheck } from '../db/partitions/convert.ts';
import { createPartitionsAhead, DEFAULT_AHEAD, missingMonths } from '../db/partitions/create.ts';
import { dropPartitions, partitionsBefore } from '../db/partitions/drop.ts';
import { monthsBefore } from '../db/partitions/months.ts';
import { type Partition, readPartitionState } from '../db/partitions/state.ts';
import { computeAllWorkspacesAgain } from '../domain/segments/recompute.ts';
import type { Job } from './run-jobs.ts';

/** Interval in ms between two runs. */
const ROUND_MS = 3_600_000;

/** How long in ms before a drop the log announces it. */
const NOTICE_MS = 86_400_000;

/**
 * Every hour, if `events` is partitioned: creates the partitions of the next months, and drops those that are older than the retention
 * by the clock of the database. Otherwise: removes what an interrupted conversion would let fail, its check of new rows.
 * @param retentionMonths 0 keeps events for ever.
 */
export function managePartitions(db: DatabaseClient, log: Logger, retentionMonths: number): Job {
  let nextRoundAt = 0;
  const step = async () => {
    if (performance.now() < nextRoundAt) return false;
    const { partitions, now, hasConversionCheck, detached } = await readPartitionState(db);
    if (partitions) {
      if (missingMonths(partitions, now, DEFAULT_AHEAD).length > 0) {
        const created = await createPartitionsAhead(db);
        if (created?.length) log.info({ partitions: created }, 'created partitions of events');
      }
      if (retentionMonths > 0) await dropOld(db, log, { partitions, now, detached, retentionMonths });
    } else if (hasConversionCheck && (await removeConversionCheck(db))) {
      log.warn('removed the check of an interrupted partitioning; run npm run cli -- partitions create to continue it');
    }
    nextRoundAt = performance.now() + ROUND_MS;
    return false;
  };
  return { name: 'manage-partitions', step, stepSize: 1, purpose: 'manage the partitions of events' };
}

interface Old {
  partitions: readonly Partition[];
  now: Date;
  detached: readonly string[];
  retentionMonths: number;
}

async function dropOld(
  db: DatabaseClient,
  log: Logger,
  { partitions, now, detached, retentionMonths }: Old,
): Promise<void> {
  const old = partitionsBefore(partitions, monthsBefore(now, retentionMonths));
  const tomorrow = new Date(now.getTime() + NOTICE_MS);
  const next = partitionsBefore(partitions, monthsBefore(tomorrow, retentionMonths)).filter(
    (each) => !old.includes(each),
  );
  if (next.length > 0) {
    log.warn(
      { partitions: describe(next) },
      'EVENT_RETENTION_MONTHS: these partitions of events are dropped within a day',
    );
  }
  if (old.length === 0 && detached.length === 0) return;
  const isDone = await dropPartitions(db, old, () => computeAllWorkspacesAgain(db));
  if (isDone) log.warn({ partitions: describe(old) }, 'dropped old partitions of events; recomputing segments');
}

const describe = (partitions: readonly Partition[]) =>
  partitions.map(({ name, to, rows }) => ({ name, until: to.toISOString(), rows }));
