import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import { advanceBackfill } from '../domain/segments/backfill.ts';
import { cleanUpDefinitions } from '../domain/segments/clean-up.ts';
import { consumeChanges } from '../domain/segments/consume.ts';
import { endWorker, readNews, renewWorker, takeWorkspaces, type WorkspaceNews } from '../domain/segments/leases.ts';
import { WorkspaceSegments } from '../domain/segments/workspace-segments.ts';
import { recordSegmentStep, setSegmentBacklog } from '../telemetry/segment-metrics.ts';
import type { RunningJobs } from './run-jobs.ts';

/** Poll interval in ms for changes and due instants, while this process owns workspaces. */
const POLL_MS = 200;

/** Poll interval in ms while this process owns no workspace. */
const IDLE_POLL_MS = 500;

/** Interval in ms between two renewals of the registration, which expires after three missed renewals (leases.ts). */
const RENEW_MS = 300;

/** Delay in ms before a retry after an error. */
const RETRY_MS = 1_000;

/**
 * Divisor of the step size after a failed step, which may have exceeded the statement timeout because of a slow disk.
 */
const SHRINK = 4;

/** Minimum step size as a fraction of the default. */
const MIN_PART = 1 / 500;

/** Maximum number of workspaces whose compiled filters are cached. */
const MAX_WORKSPACES = 1_000;

/** Backoff state of one kind of step of a workspace. */
interface Attempts {
  /** Size of the next step as a fraction of the default. */
  part: number;
  /** Time of the next retry after an error, by `performance.now()`. */
  retryAt: number;
  hasFailed: boolean;
}

/** A workspace whose segments this process computes. */
interface ComputedWorkspace {
  segments: WorkspaceSegments;
  /** Consuming changes and computing definitions back off independently. */
  live: Attempts;
  definitions: Attempts;
}

const newAttempts = (): Attempts => ({ part: 1, retryAt: 0, hasFailed: false });

interface ComputeOptions {
  /** Identifies the process. */
  workerId?: string;
}

/**
 * Keeps segments up to date: consumes changes and due instants, computes pending definitions, and deletes the rows of
 * replaced ones. The workspaces are distributed among all processes. Each process runs one step per workspace in turn,
 * so that a workspace waits for at most one step of each other workspace. Uses one connection.
 */
export function computeSegments(
  db: Database,
  log: Logger,
  { workerId = randomUUID() }: ComputeOptions = {},
): RunningJobs {
  const stopping = new AbortController();
  const { signal } = stopping;
  /** In order of last use, least recent first. */
  const workspaces = new Map<string, ComputedWorkspace>();
  let renewAt = 0;
  let ownedCount = 0;
  let hasFailed = false;

  function workspaceOf(workspaceId: string): ComputedWorkspace {
    const workspace = workspaces.get(workspaceId) ?? {
      segments: new WorkspaceSegments(workspaceId),
      live: newAttempts(),
      definitions: newAttempts(),
    };
    workspaces.delete(workspaceId);
    workspaces.set(workspaceId, workspace);
    for (const oldest of workspaces.keys()) if (workspaces.size > MAX_WORKSPACES) workspaces.delete(oldest);
    return workspace;
  }

  /**
   * Runs a step, unless the last one failed less than `RETRY_MS` ago.
   * @returns undefined if the step failed or was skipped.
   */
  async function attempt<Result>(
    attempts: Attempts,
    workspaceId: string,
    run: (part: number) => Promise<Result>,
  ): Promise<Result | undefined> {
    if (attempts.retryAt > performance.now()) return undefined;
    try {
      const result = await run(attempts.part);
      attempts.part = Math.min(attempts.part * 2, 1);
      attempts.hasFailed = false;
      return result;
    } catch (error) {
      if (!attempts.hasFailed) log.warn({ err: error, workspaceId }, 'cannot compute segments; retrying');
      attempts.hasFailed = true;
      attempts.part = Math.max(attempts.part / SHRINK, MIN_PART);
      attempts.retryAt = performance.now() + RETRY_MS;
      return undefined;
    }
  }

  /**
   * Runs one step for a workspace; live changes come first.
   * @returns whether more work, and whether more changes are waiting.
   */
  async function step({ workspaceId, hasNews, hasWork }: WorkspaceNews) {
    const { segments, live, definitions } = workspaceOf(workspaceId);
    let hasMoreChanges = false;
    let hasMore = false;
    if (hasNews) {
      const done = await attempt(live, workspaceId, async (part) => ({
        result: await consumeChanges(db, segments, { part }),
      }));
      if (done?.result) recordSegmentStep(done.result);
      hasMoreChanges = done !== undefined && done.result?.hasMore !== false;
    }
    if (hasWork)
      hasMore =
        (await attempt(definitions, workspaceId, (part) => advanceDefinitions(db, segments, log, part))) ?? false;
    return { hasMore: hasMore || hasMoreChanges, hasMoreChanges };
  }

  /**
   * Renews the registration if it is due. Called between steps, because a round can take longer than the registration
   * lasts.
   */
  async function renew(): Promise<void> {
    if (performance.now() < renewAt) return;
    renewAt = performance.now() + RENEW_MS;
    await renewWorker(db, workerId);
    ownedCount = await takeWorkspaces(db, workerId);
  }

  /** Runs one step for each workspace that needs work. @returns whether more work is waiting. */
  async function round(): Promise<boolean> {
    await renew();
    const news = await readNews(db, workerId);
    let hasMore = false;
    let backlog = 0;
    for (const workspace of news) {
      if (signal.aborted) break;
      await renew();
      const done = await step(workspace);
      backlog += done.hasMoreChanges ? 1 : 0;
      hasMore ||= done.hasMore;
    }
    setSegmentBacklog({ backlog, computing: news.filter(({ hasWork }) => hasWork).length });
    return hasMore;
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      let pauseMs = POLL_MS;
      try {
        if (await round()) pauseMs = 0;
        else if (ownedCount === 0) pauseMs = IDLE_POLL_MS;
        hasFailed = false;
      } catch (error) {
        if (!hasFailed) log.warn({ err: error }, 'cannot find workspaces whose segments need work; retrying');
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

/**
 * Computes a batch of members of pending definitions or, if there are none, deletes a batch of rows of a replaced one.
 * @param part step size as a fraction of the default. @returns whether more work is waiting.
 */
async function advanceDefinitions(
  db: Database,
  segments: WorkspaceSegments,
  log: Logger,
  part: number,
): Promise<boolean> {
  const { workspaceId } = segments;
  const backfill = await advanceBackfill(db, segments, { part });
  if (backfill?.completed) log.info({ workspaceId, segmentId: backfill.completed }, 'computed a segment');
  if (backfill !== null) return true;
  const current = await segments.read(db);
  const replaced = current?.definitions.filter(({ isReplaced }) => isReplaced) ?? [];
  if (replaced.length > 0) await cleanUpDefinitions(db, workspaceId, replaced, { part });
  // The last segment of the workspace was deleted.
  else if (current?.definitions.length === 0) await segments.endConsumer(db, current.position);
  return replaced.length > 0;
}
