import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import { maintainPartitions, type PartitionRun } from '../domain/events/partitions.ts';
import type { Job } from './run-jobs.ts';

/** Interval in ms between two runs. */
const INTERVAL_MS = 3_600_000;

/**
 * Every hour: creates the partitions of the next months, and drops old ones (`maintainPartitions`).
 * @param retentionMonths 0 keeps events for ever.
 */
export function managePartitions(
  db: Database,
  log: Logger,
  retentionMonths: number,
  { intervalMs = INTERVAL_MS } = {},
): Job {
  let nextRunAt = 0;
  const report = createReport(log);
  const step = async () => {
    if (performance.now() < nextRunAt) return false;
    report(await maintainPartitions(db, retentionMonths));
    nextRunAt = performance.now() + intervalMs;
    return false;
  };
  return { name: 'manage-partitions', step, stepSize: 1, purpose: 'manage the partitions of events' };
}

/** Logs what runs have done. A partition is announced once, and a problem is logged once until it is another one or solved. */
function createReport(log: Logger): (run: PartitionRun) => void {
  const announcedNames = new Set<string>();
  let lastProblem: string | undefined;
  return ({ created, announced, dropped, hasAbandonedConversion, problem }) => {
    if (created.length > 0) log.info({ partitions: created }, 'created partitions of events');
    if (hasAbandonedConversion) {
      log.warn(
        'removed what an interrupted partitioning of events had left; to partition it, run npm run cli -- partitions create',
      );
    }
    const isNew = announced.filter(({ name }) => !announcedNames.has(name));
    for (const { name } of isNew) announcedNames.add(name);
    if (isNew.length > 0) {
      log.warn(
        { partitions: describe(isNew) },
        'EVENT_RETENTION_MONTHS: these partitions of events are dropped within a day',
      );
    }
    if (dropped.length > 0) {
      log.warn({ partitions: describe(dropped) }, 'dropped old partitions of events; recomputing segments');
    }
    if (problem !== undefined && problem !== lastProblem)
      log.warn(`cannot manage the partitions of events: ${problem}`);
    lastProblem = problem;
  };
}

const describe = (partitions: PartitionRun['announced']) =>
  partitions.map(({ name, to, rows }) => ({ name, until: to.toISOString(), rows }));
