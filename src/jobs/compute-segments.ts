import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import { advanceBackfill } from '../domain/segments/backfill.ts';
import { cleanUpDefinition } from '../domain/segments/clean-up.ts';
import { consumeChanges } from '../domain/segments/consume.ts';
import { endWorker, readNews, renewWorker, takeWorkspaces, type WorkspaceNews } from '../domain/segments/leases.ts';
import { WorkspaceSegments } from '../domain/segments/workspace-segments.ts';
import { recordSegmentStep, setSegmentBacklog } from '../telemetry/segment-metrics.ts';
import type { RunningJobs } from './run-jobs.ts';

/** Interval in ms between two searches for changes and due instants, while there are segments. */
const POLL_MS = 50;

/** The same while this process computes the segments of no workspace. */
const IDLE_POLL_MS = 500;

/** Interval in ms between two renewals of the registration; a process that misses three counts as ended. */
const RENEW_MS = 300;

/** How long in ms a workspace is left alone after an error. */
const RETRY_MS = 1_000;

interface ComputeOptions {
  /** Identifies the process. */
  workerId?: string;
}

/**
 * Keeps segments up to date: consumes the changes of workspaces with segments, evaluates what is due, computes new definitions, and
 * deletes the rows of old ones. The workspaces are shared among all processes; each of them takes one step of a workspace after the
 * other, so that none waits for more than a step of each other one. Uses one connection.
 */
export function computeSegments(
  db: Database,
  log: Logger,
  { workerId = randomUUID() }: ComputeOptions = {},
): RunningJobs {
  const stopping = new AbortController();
  const { signal } = stopping;
  const workspaces = new Map<string, WorkspaceSegments>();
  /** When to try again, by workspace, after an error. */
  const retryAt = new Map<string, number>();
  let renewAt = 0;
  let hasFailed = false;

  /** Does one step of what a workspace needs. Live changes come first. @returns whether more changes wait. */
  async function step({ workspaceId, hasNews, hasWork }: WorkspaceNews): Promise<boolean> {
    const segments = workspaces.get(workspaceId) ?? new WorkspaceSegments(workspaceId);
    workspaces.set(workspaceId, segments);
    try {
      let hasMore = false;
      if (hasNews) {
        const result = await consumeChanges(db, segments);
        if (result) recordSegmentStep(result);
        hasMore = !result || result.hasMore;
      }
      if (hasWork) await work(db, segments, log);
      retryAt.delete(workspaceId);
      return hasMore;
    } catch (error) {
      if (!retryAt.has(workspaceId)) log.warn({ err: error, workspaceId }, 'cannot compute segments; retrying');
      retryAt.set(workspaceId, performance.now() + RETRY_MS);
      return false;
    }
  }

  /** Does one step of each workspace. @returns whether there is more to do at once. */
  async function round(): Promise<boolean> {
    if (performance.now() >= renewAt) {
      renewAt = performance.now() + RENEW_MS;
      await renewWorker(db, workerId);
      await takeWorkspaces(db, workerId);
    }
    const news = await readNews(db, workerId);
    let hasMore = false;
    let backlog = 0;
    for (const workspace of news) {
      if (signal.aborted) break;
      if ((retryAt.get(workspace.workspaceId) ?? 0) > performance.now()) continue;
      const waits = await step(workspace);
      backlog += waits ? 1 : 0;
      hasMore ||= waits || workspace.hasWork;
    }
    setSegmentBacklog(backlog);
    return hasMore;
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      let pauseMs = POLL_MS;
      try {
        if (await round()) pauseMs = 0;
        else if (workspaces.size === 0) pauseMs = IDLE_POLL_MS;
        hasFailed = false;
      } catch (error) {
        if (!hasFailed) log.warn({ err: error }, 'cannot read which segments to compute; retrying');
        hasFailed = true;
        pauseMs = RETRY_MS;
      }
      await delay(pauseMs, undefined, { signal, ref: false }).catch(() => {});
    }
    await endWorker(db, workerId).catch(() => {});
  }

  const running = run();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}

/** Computes some members of new definitions, or deletes some rows of old ones. */
async function work(db: Database, segments: WorkspaceSegments, log: Logger): Promise<void> {
  const { workspaceId } = segments;
  const backfill = await advanceBackfill(db, segments);
  for (const segmentId of backfill?.completed ?? []) log.info({ workspaceId, segmentId }, 'computed a segment');
  if (backfill !== null) return;
  const current = await segments.read(db);
  const replaced = current?.definitions.find(({ isReplaced }) => isReplaced);
  if (replaced) await cleanUpDefinition(db, workspaceId, replaced);
  // A workspace without segments has no consumer.
  else if (current?.definitions.length === 0) await segments.endConsumer(db, current.position);
}
