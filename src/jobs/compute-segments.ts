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
const POLL_MS = 100;

/** The same while this process computes the segments of no workspace. */
const IDLE_POLL_MS = 500;

/** Interval in ms between two renewals of the registration; a process that misses three counts as ended. */
const RENEW_MS = 300;

/** How long in ms a workspace is left alone after an error. */
const RETRY_MS = 1_000;

/** By how much a failed step divides the size of the next one: a slow disk may need longer than the statement timeout allows. */
const SHRINK = 4;

/** The least part of the usual size of a step. */
const MIN_PART = 1 / 500;

/** Workspaces whose compiled filters a process keeps. */
const MAX_WORKSPACES = 1_000;

/** A kind of step of a workspace, with what is known from the last ones. */
interface Attempts {
  /** The size of the next step, as a part of the usual size. */
  part: number;
  /** When to try again after an error. */
  retryAt: number;
  hasFailed: boolean;
}

/** A workspace whose segments this process computes. */
interface ComputedWorkspace {
  segments: WorkspaceSegments;
  /** The consumption of changes, and the work on definitions: an error of one does not delay the other. */
  live: Attempts;
  definitions: Attempts;
}

const newAttempts = (): Attempts => ({ part: 1, retryAt: 0, hasFailed: false });

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
  /** The least recently computed first. */
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

  /** Does a step, unless one has just failed. @returns undefined if it fails, or has failed. */
  async function attempt<Result>(
    attempts: Attempts,
    workspaceId: string,
    act: (part: number) => Promise<Result>,
  ): Promise<Result | undefined> {
    if (attempts.retryAt > performance.now()) return undefined;
    try {
      const result = await act(attempts.part);
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

  /** Does one step of what a workspace needs. Live changes come first. @returns whether more waits, and whether that is changes. */
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
    if (hasWork) hasMore = (await attempt(definitions, workspaceId, (part) => work(db, segments, log, part))) ?? false;
    return { hasMore: hasMore || hasMoreChanges, hasMoreChanges };
  }

  /** Renews the registration, if it is time. A round of steps can take longer than the registration lasts. */
  async function renew(): Promise<void> {
    if (performance.now() < renewAt) return;
    renewAt = performance.now() + RENEW_MS;
    await renewWorker(db, workerId);
    ownedCount = await takeWorkspaces(db, workerId);
  }

  /** Does one step of each workspace. @returns whether there is more to do at once. */
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
    setSegmentBacklog(backlog);
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

/**
 * Computes some members of new definitions, or deletes some rows of old ones.
 * @param part the size of the step, as a part of the usual one. @returns whether there is more to do.
 */
async function work(db: Database, segments: WorkspaceSegments, log: Logger, part: number): Promise<boolean> {
  const { workspaceId } = segments;
  const backfill = await advanceBackfill(db, segments, { part });
  for (const segmentId of backfill?.completed ?? []) log.info({ workspaceId, segmentId }, 'computed a segment');
  if (backfill !== null) return true;
  const current = await segments.read(db);
  const replaced = current?.definitions.find(({ isReplaced }) => isReplaced);
  if (replaced) await cleanUpDefinition(db, workspaceId, replaced, { part });
  // A workspace without segments has no consumer.
  else if (current?.definitions.length === 0) await segments.endConsumer(db, current.position);
  return replaced !== undefined;
}
