import { setTimeout as sleep } from 'node:timers/promises';
import { consumeChanges } from '../../src/domain/segments/consume.ts';
import { WorkspaceSegments } from '../../src/domain/segments/workspace-segments.ts';
import { credentials } from '../database/prepare.ts';
import type { ShowProgress } from '../report/progress.ts';
import { generateLoad, type ResponseCounts } from '../soak/generate-load.ts';
import { countBacklog, pauseConsumer, waitUntilConsumed } from './consumer.ts';
import type { SegmentDatabase } from './database.ts';
import { addDueEvents } from './due.ts';
import { MembershipFollower } from './follow-memberships.ts';
import { type CpuTime, createSender, type Gateway, measureOwnCpu, startGateway } from './gateway.ts';
import type { SegmentSizes } from './options.ts';
import { pickUsers, Writer } from './writes.ts';

/** Concurrent writes at most. */
const CONNECTIONS = 20;

/** Seconds of each turn but the longest, at most. */
const MAX_SHORT_SECONDS = 20;

/** Pairs of turns without and with segments. Other load on the machine affects both turns of a pair. */
const PAIRS = 3;

/** Instants that are due during a run, at most. */
const MAX_DUE = 1_000;

/** How long to wait in ms for what a load leaves behind. */
const MAX_SETTLE_MS = 60_000;

/** What a load of some seconds has measured, with or without a running consumer. */
export interface Turn {
  isConsumed: boolean;
  seconds: number;
  /** The durations of the writes, in ms. */
  durations: number[];
  /** From each write's response until its membership was visible, in ms. */
  lags: number[];
  /** Effects that were not seen within a minute after the load. */
  unseen: number;
  /** Changes that had not been consumed, once a second. */
  backlogs: number[];
  /** Of the gateway, with its serving. */
  cpu: CpuTime;
}

/** The consumption of changes that had accumulated, while nothing else happened. */
export interface Alone {
  changes: number;
  /** Pairs of a user and a definition that were evaluated. */
  evaluations: number;
  /** Users who entered or exited a segment. */
  effects: number;
  ms: number;
  cpu: CpuTime;
}

export interface LiveResult {
  /** Pairs of turns without and with segments, the longest turn with segments, and a last one without. */
  turns: Turn[];
  /** How late exits were whose window ended, in ms. */
  lateness: number[];
  alone: Alone;
}

/**
 * Sends writes to a gateway in turns with and without the computation of segments, and measures the lag of memberships. The last turn
 * leaves a backlog, which is consumed alone, in this process, after the gateway has stopped.
 */
export async function measureLive(
  database: SegmentDatabase,
  segmentIds: ReadonlyMap<string, string>,
  sizes: SegmentSizes,
  showProgress: ShowProgress,
): Promise<LiveResult> {
  const { client, db, workspaceId } = database;
  const short = Math.max(Math.min(Math.floor(sizes.seconds / 5), MAX_SHORT_SECONDS), 1);
  const turns: Turn[] = [];
  const lateness: number[] = [];
  {
    await using stack = new AsyncDisposableStack();
    const dueCount = Math.min(MAX_DUE, sizes.seconds * 2);
    const { written, due } = await pickUsers(client, workspaceId, sizes.users, dueCount);
    const gateway = await startGateway(database.url, client, stack);
    const send = createSender(gateway.url, credentials, CONNECTIONS);
    const writer = new Writer({ send, users: written, segmentIds });
    const follower = stack.use(new MembershipFollower(db, workspaceId));
    const run = async (isConsumed: boolean, seconds: number) => {
      showProgress(`${sizes.writes} writes/s for ${seconds} s, ${isConsumed ? 'with' : 'without'} segments`);
      await pauseConsumer(client, workspaceId, !isConsumed);
      await sleep(isConsumed ? 0 : 100);
      if (isConsumed) {
        await waitUntilConsumed(client, workspaceId, MAX_SETTLE_MS * 5);
        if (seconds === sizes.seconds)
          await addDueEvents(database, { users: due, seconds, segmentIds, follower, lateness });
      }
      turns.push(await runTurn({ database, gateway, writer, follower, writes: sizes.writes }, isConsumed, seconds));
    };
    // Warms the gateway up.
    await run(true, short);
    turns.length = 0;
    for (let pair = 0; pair < PAIRS; pair += 1) {
      await run(false, short);
      await run(true, short);
    }
    await run(true, sizes.seconds);
    await run(false, short);
  }
  await pauseConsumer(client, workspaceId, false);
  showProgress('Consuming changes alone');
  return { turns, lateness, alone: await consumeAlone(database) };
}

interface TurnSetting {
  database: SegmentDatabase;
  gateway: Gateway;
  writer: Writer;
  follower: MembershipFollower;
  writes: number;
}

async function runTurn(setting: TurnSetting, isConsumed: boolean, seconds: number): Promise<Turn> {
  const { database, gateway, writer, follower, writes } = setting;
  const durations: number[] = [];
  const lags: number[] = [];
  const backlogs: number[] = [];
  function* requests(): Generator<() => Promise<void>, never> {
    for (;;) {
      yield async () => {
        const started = performance.now();
        const expectations = await writer.write();
        const acknowledged = performance.now();
        durations.push(acknowledged - started);
        if (isConsumed) for (const expectation of expectations) follower.expect(expectation, acknowledged, lags);
      };
    }
  }
  const counts: ResponseCounts = { answered: 0, errors: 0 };
  const ending = new AbortController();
  const endCpu = await gateway.measureCpu();
  const watching = watchBacklog(database, backlogs, ending.signal);
  await generateLoad(requests(), { connections: CONNECTIONS, rate: writes, seconds }, counts, ending.signal);
  if (isConsumed) backlogs.push(await countBacklog(database.client, database.workspaceId));
  const cpu = await endCpu();
  ending.abort();
  await watching;
  if (counts.errors > 0) throw new Error(`${counts.errors} writes failed. First error: ${counts.firstError}`);
  const unseen = isConsumed ? await follower.settle(MAX_SETTLE_MS) : 0;
  await sleep(100);
  follower.reset();
  return { isConsumed, seconds, durations, lags, unseen, backlogs, cpu };
}

async function watchBacklog({ client, workspaceId }: SegmentDatabase, backlogs: number[], signal: AbortSignal) {
  while (!signal.aborted) {
    await sleep(1_000, undefined, { signal }).catch(() => {});
    if (!signal.aborted) backlogs.push(await countBacklog(client, workspaceId));
  }
}

async function consumeAlone({ client, db, workspaceId }: SegmentDatabase): Promise<Alone> {
  const segments = new WorkspaceSegments(workspaceId);
  await segments.read(db);
  const total = { changes: 0, evaluations: 0, effects: 0 };
  const backlog = await countBacklog(client, workspaceId);
  const started = performance.now();
  const endCpu = await measureOwnCpu(client);
  for (let hasMore = true; hasMore; ) {
    const step = await consumeChanges(db, segments);
    if (!step) throw new Error('Another process computes the segments of the benchmark.');
    total.evaluations += step.evaluations;
    total.effects += step.entered + step.exited;
    hasMore = step.hasMore;
  }
  const cpu = await endCpu();
  return { ...total, changes: backlog, ms: performance.now() - started, cpu };
}
