import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import { maintainPartitions, type PartitionRun } from '../domain/events/partitions.ts';
import { partitionChannel } from '../telemetry/channels.ts';
import type { Job } from './run-jobs.ts';

/** Interval in ms between two runs. */
const INTERVAL_MS = 3_600_000;

const DAY_MS = 86_400_000;

/** If partitions exist for fewer days than this, an error is logged every day. */
const MIN_DAYS_AHEAD = 30;

/**
 * Every hour: creates the partitions of the next months, and announces and drops old ones (`maintainPartitions`). Each step drops at most
 * one.
 * @param retentionMonths 0 keeps events for ever.
 */
export function managePartitions(
  db: Database,
  log: Logger,
  retentionMonths: number,
  { intervalMs = INTERVAL_MS } = {},
): Job {
  let nextRunAt = 0;
  const report = createReport(log, retentionMonths);
  const step = async () => {
    if (performance.now() < nextRunAt) return false;
    const run = await maintainPartitions(db, retentionMonths);
    partitionChannel.publish({ until: run.partitionedUntil });
    report(run);
    if (run.hasMoreToDrop) return true;
    nextRunAt = performance.now() + intervalMs;
    return false;
  };
  return { name: 'manage-partitions', step, stepSize: 1, purpose: 'manage the partitions of events' };
}

/** Logs what runs have done. A problem is logged once until it is another one or solved. */
function createReport(log: Logger, retentionMonths: number): (run: PartitionRun) => void {
  let lastProblem: string | undefined;
  const warnOfEnd = createWarningOfEnd(log);
  const warnOfPlainTable = once(() =>
    log.warn(
      'EVENT_RETENTION_MONTHS has no effect: events is not partitioned; to partition it, run npm run cli -- partitions create',
    ),
  );
  return (run) => {
    reportChanges(log, run, retentionMonths);
    if (retentionMonths > 0 && !run.isPartitioned) warnOfPlainTable();
    const { problem } = run;
    if (problem !== undefined && problem !== lastProblem)
      log.warn(`cannot manage the partitions of events: ${problem}`);
    lastProblem = problem;
    warnOfEnd(run);
  };
}

function reportChanges(log: Logger, run: PartitionRun, retentionMonths: number): void {
  const { createdNames, announcedPartitions, keptPartitions, droppedPartitions, hasAbandonedConversion } = run;
  if (createdNames.length > 0) log.info({ partitions: createdNames }, 'created partitions of events');
  if (hasAbandonedConversion) {
    log.warn(
      'removed what an interrupted partitioning of events had left; to partition it, run npm run cli -- partitions create',
    );
  }
  if (announcedPartitions.length > 0) {
    log.warn(
      { partitions: describe(announcedPartitions), retentionMonths },
      'EVENT_RETENTION_MONTHS: these partitions of events will be dropped in a day; to keep them, raise it',
    );
  }
  if (keptPartitions.length > 0) {
    log.warn(
      { partitions: describe(keptPartitions), retentionMonths },
      'EVENT_RETENTION_MONTHS: these partitions of events are kept, although a gateway with another value has announced their drop',
    );
  }
  if (droppedPartitions.length > 0) {
    log.warn({ partitions: describe(droppedPartitions) }, 'dropped old partitions of events; recomputing segments');
  }
}

/** Logs an error every day while partitions exist for less than `MIN_DAYS_AHEAD`: afterwards, new events would be rejected. */
function createWarningOfEnd(log: Logger): (run: PartitionRun) => void {
  let nextAt = 0;
  return ({ partitionedUntil, now }) => {
    const days = partitionedUntil && (partitionedUntil.getTime() - now.getTime()) / DAY_MS;
    if (days === undefined || days >= MIN_DAYS_AHEAD || performance.now() < nextAt) return;
    nextAt = performance.now() + DAY_MS;
    log.error(
      { until: partitionedUntil?.toISOString() },
      'new events are rejected from this instant on: events has no later partition; run npm run cli -- partitions create',
    );
  };
}

function once(run: () => void): () => void {
  let hasRun = false;
  return () => {
    if (!hasRun) run();
    hasRun = true;
  };
}

const describe = (partitions: PartitionRun['droppedPartitions']) =>
  partitions.map(({ name, to, rows }) => ({ name, until: to.toISOString(), rows }));
