import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import { advanceBackfill } from '../domain/segments/backfill.ts';
import { cleanUpDefinitions } from '../domain/segments/clean-up.ts';
import { consumeChanges } from '../domain/segments/consume.ts';
import {
  endWorker,
  findWorkspacesWithWork,
  renewWorker,
  takeWorkspaces,
  type WorkspaceWork,
} from '../domain/segments/leases.ts';
import { WorkspaceSegments } from '../domain/segments/workspace-segments.ts';
import { type JobMessage, jobChannel, report } from '../telemetry/channels.ts';
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

/** One kind of step of a workspace, with its backoff. */
class Attempts {
  readonly #name: string;
  readonly #onFailure: (error: unknown) => void;
  /** Size of the next step as a fraction of the default. */
  #part = 1;
  /** Time of the next retry after an error, by `performance.now()`. */
  #retryAt = 0;
  #hasFailed = false;

  /**
   * @param name of the job that is reported for each attempt.
   * @param onFailure called for the first of consecutive failures.
   */
  constructor(name: string, onFailure: (error: unknown) => void) {
    this.#name = name;
    this.#onFailure = onFailure;
  }

  /**
   * Runs a step, unless the last one failed less than `RETRY_MS` ago.
   * @param hasWorked whether a step found work.
   * @returns undefined if the step failed or was skipped.
   */
  async run<Result>(
    step: (part: number) => Promise<Result>,
    hasWorked: (result: Result) => boolean = () => true,
  ): Promise<Result | undefined> {
    if (this.#retryAt > performance.now()) return undefined;
    try {
      const result = await report<JobMessage, Result>(
        jobChannel,
        () => ({ name: this.#name }),
        async (message) => {
          const stepResult = await step(this.#part);
          if (message) message.hasWorked = hasWorked(stepResult);
          return stepResult;
        },
      );
      this.#part = Math.min(this.#part * 2, 1);
      this.#hasFailed = false;
      return result;
    } catch (error) {
      if (!this.#hasFailed) this.#onFailure(error);
      this.#hasFailed = true;
      this.#part = Math.max(this.#part / SHRINK, MIN_PART);
      this.#retryAt = performance.now() + RETRY_MS;
      return undefined;
    }
  }
}

/** Work left after a step. */
interface Waiting {
  /** Whether changes or due instants are waiting, including those of a step that failed. */
  isBehind: boolean;
  /** Whether another step can follow immediately. */
  hasMore: boolean;
}

/** A workspace whose segments this process computes. */
class ComputedWorkspace {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #segments: WorkspaceSegments;
  /** Consuming changes and computing definitions back off independently. */
  readonly #live: Attempts;
  readonly #definitions: Attempts;
  /** When changes or due instants began to wait, in ms since 1970; undefined if none are waiting. */
  behindSince: number | undefined;

  constructor(db: Database, log: Logger, workspaceId: string) {
    const warn = (error: unknown) => log.warn({ err: error, workspaceId }, 'cannot compute segments; retrying');
    this.#db = db;
    this.#log = log;
    this.#segments = new WorkspaceSegments(workspaceId);
    this.#live = new Attempts('consume-changes', warn);
    this.#definitions = new Attempts('compute-definitions', warn);
  }

  /** Runs one step; live changes come first. */
  async step({ hasChanges, hasWork }: WorkspaceWork): Promise<Waiting> {
    const live = hasChanges ? await this.#consume() : { isBehind: false, hasMore: false };
    this.behindSince = live.isBehind ? (this.behindSince ?? Date.now()) : undefined;
    const hasMoreWork = hasWork && ((await this.#definitions.run((part) => this.#advanceDefinitions(part))) ?? false);
    return { isBehind: live.isBehind, hasMore: live.hasMore || hasMoreWork };
  }

  async #consume(): Promise<Waiting> {
    const done = await this.#live.run(async (part) => ({
      result: await consumeChanges(this.#db, this.#segments, { part }),
    }));
    // It has failed: the changes are still waiting, until it may retry.
    if (!done) return { isBehind: true, hasMore: false };
    const { result } = done;
    if (result) recordSegmentStep(result);
    if (result && result.postponed > 0) {
      const { workspaceId } = this.#segments;
      const message = 'users have too many events to evaluate them in time; retrying them later';
      this.#log.warn({ workspaceId, users: result.postponed }, message);
    }
    const hasMore = result?.hasMore !== false;
    return { isBehind: hasMore, hasMore };
  }

  /**
   * Computes a batch of members of pending definitions or, if there are none, deletes a batch of rows of replaced ones.
   * @param part step size as a fraction of the default. @returns whether more work is waiting.
   */
  async #advanceDefinitions(part: number): Promise<boolean> {
    const { workspaceId } = this.#segments;
    const backfill = await advanceBackfill(this.#db, this.#segments, { part });
    if (backfill?.completed) this.#log.info({ workspaceId, segmentId: backfill.completed }, 'computed a segment');
    if (backfill !== null) return true;
    const current = await this.#segments.read(this.#db);
    const replaced = current?.definitions.filter(({ isReplaced }) => isReplaced) ?? [];
    if (replaced.length > 0) await cleanUpDefinitions(this.#db, workspaceId, replaced, { part });
    // The last segment of the workspace was deleted.
    else if (current?.definitions.length === 0) await this.#segments.endConsumer(this.#db, current.position);
    return replaced.length > 0;
  }
}

/** The workspaces whose compiled filters a process caches, at most `MAX_WORKSPACES`. */
class ComputedWorkspaces {
  readonly #create: (workspaceId: string) => ComputedWorkspace;
  /** In order of last use, least recent first. */
  readonly #workspaces = new Map<string, ComputedWorkspace>();

  constructor(create: (workspaceId: string) => ComputedWorkspace) {
    this.#create = create;
  }

  get(workspaceId: string): ComputedWorkspace {
    const workspace = this.#workspaces.get(workspaceId) ?? this.#create(workspaceId);
    this.#workspaces.delete(workspaceId);
    this.#workspaces.set(workspaceId, workspace);
    for (const oldest of this.#workspaces.keys()) {
      if (this.#workspaces.size > MAX_WORKSPACES) this.#workspaces.delete(oldest);
    }
    return workspace;
  }
}

/** The share of the workspaces that a process computes. */
class WorkspaceShare {
  readonly #db: Database;
  readonly #workerId: string;
  #renewAt = 0;
  #count = 0;

  constructor(db: Database, workerId: string) {
    this.#db = db;
    this.#workerId = workerId;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Renews the registration if it is due, and takes over workspaces. */
  async renew(): Promise<void> {
    if (performance.now() < this.#renewAt) return;
    this.#renewAt = performance.now() + RENEW_MS;
    await renewWorker(this.#db, this.#workerId);
    this.#count = await takeWorkspaces(this.#db, this.#workerId);
  }

  /** Reads which workspaces of the share need work. */
  findWorkspacesWithWork(): Promise<WorkspaceWork[]> {
    return findWorkspacesWithWork(this.#db, this.#workerId);
  }

  /** Releases the workspaces, so that other processes take them over immediately. */
  end(): Promise<void> {
    return endWorker(this.#db, this.#workerId);
  }
}

/**
 * Keeps segments up to date: consumes changes and due instants, computes pending definitions, and deletes the rows of
 * replaced ones. The workspaces are distributed among all processes. Each process runs one step per workspace in turn,
 * so that a workspace waits for at most one step of each other workspace. Uses one connection.
 * @param workerId identifies the process.
 */
export function computeSegments(db: Database, log: Logger, workerId: string = randomUUID()): RunningJobs {
  const stopping = new AbortController();
  const { signal } = stopping;
  const share = new WorkspaceShare(db, workerId);
  const workspaces = new ComputedWorkspaces((workspaceId) => new ComputedWorkspace(db, log, workspaceId));

  /** Runs one step for each workspace that needs work. @returns whether it found work, and whether more is waiting. */
  async function round(): Promise<{ hasWorked: boolean; hasMore: boolean }> {
    await share.renew();
    const workspacesWithWork = await share.findWorkspacesWithWork();
    let hasMore = false;
    const behind: number[] = [];
    for (const workspace of workspacesWithWork) {
      if (signal.aborted) break;
      // A round can take longer than the registration lasts.
      await share.renew();
      const computed = workspaces.get(workspace.workspaceId);
      const waiting = await computed.step(workspace);
      if (computed.behindSince !== undefined) behind.push(computed.behindSince);
      hasMore ||= waiting.hasMore;
    }
    setSegmentBacklog({ behind, computing: workspacesWithWork.filter(({ hasWork }) => hasWork).length });
    return { hasWorked: workspacesWithWork.length > 0, hasMore };
  }

  const rounds = new Attempts('compute-segments', (error) =>
    log.warn({ err: error }, 'cannot find workspaces whose segments need work; retrying'),
  );

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const done = await rounds.run(round, ({ hasWorked }) => hasWorked);
      const pollMs = share.isEmpty ? IDLE_POLL_MS : POLL_MS;
      await delay(done?.hasMore ? 0 : pollMs, undefined, { signal, ref: false }).catch(() => {});
    }
    await share.end().catch(() => {});
  }

  const running = run();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}
