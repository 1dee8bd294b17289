import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { updateSegment } from '../../src/domain/segments/define.ts';
import { setSegmentSuppression } from '../../src/domain/segments/suppress.ts';
import type { UserFilter } from '../../src/domain/users/filter/input.ts';
import { actorOf } from '../kit/actor.ts';
import { choicesOf } from '../kit/choices.ts';
import { createDatabase } from '../kit/database.ts';
import { printFigures } from '../kit/figures.ts';
import { type GatewayProcess, startGateway } from '../kit/gateway-process.ts';
import { createWorkspaces, randomWrite, send, USERS } from '../kit/segments/load.ts';
import { checkHistory, findDifferences } from '../kit/segments/naive.ts';
import { uidsIn } from '../kit/segments/workspace.ts';
import { isFullSize } from '../kit/test-size.ts';

const KILLS = isFullSize ? 20 : 12;
/** The shortest load in ms: segments of one minute have to change by the passing of time, too. */
const LOAD_MS = 75_000;
const WRITERS = 4;

/** Gateways start in half of the time with it. */
const COMPILE_CACHE = resolve('node_modules/.cache/compile');

/** The longest accepted time in ms from a kill to the first effect by the other gateway, which docs/segments.md promises. */
const TAKE_OVER_MS = 2_000;

/** Two gateways on one database, which are killed and started again. */
class Gateways implements AsyncDisposable {
  readonly #environment: Record<string, string>;
  readonly #running: (GatewayProcess | undefined)[] = [];

  constructor(url: string) {
    this.#environment = {
      DATABASE_URL: url,
      RATE_LIMIT: '0',
      CONCURRENCY_LIMIT: '0',
      NODE_COMPILE_CACHE: COMPILE_CACHE,
    };
  }

  async start(place: number): Promise<void> {
    this.#running[place] = await startGateway(this.#environment);
  }

  /** The address of a running gateway. */
  address(random: number): string {
    const running = this.#running.filter((gateway) => gateway !== undefined);
    return running[random % running.length]?.address ?? '';
  }

  async kill(place: number): Promise<void> {
    const gateway = this.#running[place];
    this.#running[place] = undefined;
    await gateway?.end('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map((gateway) => gateway?.end('SIGTERM')));
  }
}

it(`has correct members after ${KILLS} kills, and records every entry and exit once`, async () => {
  await using database = await createDatabase();
  const { db } = database;
  const workspaces = await createWorkspaces(database, 3);
  await using gateways = new Gateways(database.connection.connectionString);
  await Promise.all([gateways.start(0), gateways.start(1)]);
  for (const workspace of workspaces) {
    await expect.poll(() => findDifferences(db, workspace.workspaceId), { timeout: 10_000 }).toEqual([]);
    expect(await send(gateways.address(0), workspace, 'createUser', { uid: 'probe' })).toBe(true);
  }

  const stopping = new AbortController();
  const stopped = stopping.signal;
  const startedAt = performance.now();
  let acknowledged = 0;
  let unacknowledged = 0;
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    const choices = choicesOf(writer + 1);
    while (!stopped.aborted) {
      const workspace = choices.of(workspaces);
      const [name, input] = randomWrite(choices, workspace);
      if (await send(gateways.address(choices.below(2)), workspace, name, input)) acknowledged += 1;
      else unacknowledged += 1;
      await delay(20);
    }
  });
  let redefined = 0;
  const definer = async () => {
    const choices = choicesOf(100);
    while (!stopped.aborted) {
      const { workspaceId, segments } = choices.of(workspaces);
      const actor = actorOf({ workspaceId });
      if (choices.percent(30)) {
        const where = choices.of<UserFilter>([
          { email: { contains: String(choices.below(10)) } },
          { events: [{ name: { eq: 'Opened' }, count: { gte: 1 }, within: 'PT1M' }] },
          { firstName: { eq: 'Ada' } },
        ]);
        await updateSegment(db, actor, { segmentId: segments.get('changed') ?? '', where });
        redefined += 1;
      }
      const segmentId = choices.of([...segments.values()]);
      const suppression = { uid: `u${choices.below(USERS)}`, segmentId, suppressed: choices.percent(50) };
      await setSegmentSuppression(db, actor, suppression).catch(() => {});
      await delay(200);
    }
  };
  const defining = definer();

  /** Changes the user of each workspace that only this does, and waits until all segments have followed. */
  const untilFollowed = async (round: number) => {
    const lastName = round % 2 === 0 ? 'Probe' : null;
    await Promise.all(
      workspaces.map(async (workspace) => {
        await send(gateways.address(0), workspace, 'updateUser', { uid: 'probe', lastName });
        const expected = lastName === null ? [] : ['probe'];
        const probed = workspace.segments.get('probe') ?? '';
        while ((await uidsIn(workspace, probed)).join() !== expected.join()) {
          await delay(10);
        }
      }),
    );
  };

  const choices = choicesOf(200);
  const takeOvers: number[] = [];
  const lags: number[] = [];
  for (let round = 0; round < KILLS; round += 1) {
    await delay(choices.below(300));
    const place = choices.below(2);
    const killedAt = performance.now();
    await gateways.kill(place);
    await untilFollowed(2 * round);
    takeOvers.push(Math.round(performance.now() - killedAt));
    const starting = gateways.start(place);
    const beganAt = performance.now();
    await untilFollowed(2 * round + 1);
    lags.push(Math.round(performance.now() - beganAt));
    await starting;
  }
  await delay(Math.max(0, startedAt + LOAD_MS - performance.now()));
  stopping.abort();
  await Promise.all([...writers, defining]);

  const figures = { entered: 0, exited: 0 };
  for (const { workspaceId } of workspaces) {
    await expect.poll(() => findDifferences(db, workspaceId), { timeout: 15_000 }).toEqual([]);
    const { faults, entered, exited } = await checkHistory(db, workspaceId);
    expect(faults).toEqual([]);
    const wrong = await db.$queryRaw`
      SELECT membership.user_id FROM segment_memberships AS membership
      LEFT JOIN segment_suppressions AS suppression USING (workspace_id, segment_id, user_id)
      WHERE workspace_id = ${workspaceId}::uuid AND suppressed <> (suppression.user_id IS NOT NULL)`;
    expect(wrong).toEqual([]);
    figures.entered += entered;
    figures.exited += exited;
  }
  const causes = await db.$queryRaw<{ cause: string }[]>`
    SELECT DISTINCT regexp_replace(unnest(changed), '[.].*', '') AS cause FROM changes WHERE action = 'enterSegment'`;
  expect(causes.map(({ cause }) => cause)).toEqual(expect.arrayContaining(['time', 'event', 'meta', 'segment']));
  const sorted = takeOvers.toSorted((one, other) => one - other);
  printFigures('segments', {
    kills: KILLS,
    'writes acknowledged': acknowledged,
    'rejected or lost': unacknowledged,
    'definitions changed': redefined,
    ...figures,
    'take-over ms median': sorted[KILLS / 2] ?? 0,
    'take-over ms max': sorted.at(-1) ?? 0,
    'write to membership ms max': Math.max(...lags),
    wrong: 0,
  });
  // The slowest ones depend on what else keeps the machine busy.
  expect(sorted[Math.floor(KILLS * 0.75)]).toBeLessThan(TAKE_OVER_MS);
  expect(Math.min(figures.entered, figures.exited)).toBeGreaterThan(200);
});
