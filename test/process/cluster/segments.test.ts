import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import { scopes } from '../../../src/domain/shared/scopes.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { basic } from '../../kit/app.ts';
import { createDatabase } from '../../kit/database.ts';
import { addUser } from '../../kit/factories.ts';
import { startGateway } from '../../kit/gateway-process.ts';
import { define, uidsIn } from '../../kit/segments/workspace.ts';
import { waitUntil, workerPids } from '../../kit/workers.ts';

const WORKSPACES = 4;

/** Starts a gateway with workspaces that have a user and a segment each. */
async function startWithSegments(environment: Record<string, string>) {
  const database = await createDatabase();
  const { db } = database;
  const places: { db: typeof db; workspaceId: string; segmentId: string; authorization: string }[] = [];
  for (let place = 0; place < WORKSPACES; place += 1) {
    const { id: workspaceId } = await createWorkspace(db, 'Segments');
    const { publicKey, secret } = await createKey(db, workspaceId, scopes);
    await addUser({ db, workspaceId }, { uid: 'ada' });
    const segmentId = await define({ db, workspaceId }, { firstName: { eq: 'Ada' } });
    places.push({ db, workspaceId, segmentId, authorization: basic(publicKey, secret) });
  }
  const url = `${database.connection.connectionString}&application_name=gateway`;
  const gateway = await startGateway({ DATABASE_URL: url, RATE_LIMIT: '0', ...environment });
  return {
    gateway,
    db,
    /** Renames the user of each workspace. */
    rename: (firstName: string) =>
      Promise.all(
        places.map(async ({ authorization }) => {
          const response = await fetch(`${gateway.address}/graphql`, {
            method: 'POST',
            headers: { authorization, 'content-type': 'application/json' },
            body: JSON.stringify({
              query: `mutation { updateUser(input: { uid: "ada", firstName: "${firstName}" }) { __typename } }`,
            }),
          });
          expect(await response.text()).toContain('UpdateUserPayload');
        }),
      ),
    /** Waits until the segments of all workspaces have these members. @returns how long in ms. */
    async until(uids: readonly string[]): Promise<number> {
      const beganAt = performance.now();
      for (const place of places) {
        while ((await uidsIn(place, place.segmentId)).join() !== uids.join()) {
          expect(performance.now() - beganAt).toBeLessThan(20_000);
          await delay(10);
        }
      }
      return performance.now() - beganAt;
    },
    /** The last statement of each session of the workers. The primary's check of the indexes keeps its own for 10 s. */
    sessions: async () => {
      const sessions = await db.$queryRaw<{ query: string }[]>`
        SELECT query FROM pg_stat_activity
        WHERE application_name = 'gateway' AND backend_type = 'client backend' AND query NOT LIKE '/* readInvalidIndexes */%'`;
      return sessions.map(({ query }) => query);
    },
    workers: () => db.$queryRaw<{ owner: string; count: number }[]>`
      SELECT owner, count(*)::int AS count FROM change_consumers
      WHERE owner IN (SELECT id FROM segment_workers WHERE expires_at > now()) GROUP BY owner`,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

it('shares the workspaces among the worker processes, within the connections of their pools', async () => {
  await using started = await startWithSegments({ WORKERS: '2', POOL_SIZE: '2' });
  const { gateway } = started;
  await waitUntil(async () => expect((await started.workers()).map(({ count }) => count)).toEqual([2, 2]));
  await started.rename('Ada');
  await started.until(['ada']);
  expect((await started.sessions()).slice(4)).toEqual([]);
  const [killed = 0] = workerPids(gateway);
  process.kill(killed, 'SIGKILL');
  await waitUntil(() => expect(gateway.output()).toContain(`Worker ${killed} was killed by SIGKILL`));
  await started.rename('Eve');
  await started.until([]);
  // The replacement gets its share.
  await waitUntil(async () => expect((await started.workers()).map(({ count }) => count)).toEqual([2, 2]));
  expect((await started.sessions()).slice(4)).toEqual([]);
  // Processes that are stopped leave no registration.
  await gateway.end('SIGTERM');
  const left = await started.db.$queryRaw<object[]>`SELECT FROM segment_workers WHERE expires_at > now()`;
  expect(left.length).toBeLessThanOrEqual(1);
  expect(await started.sessions()).toEqual([]);
});

it.each(['on', 'off'])('computes segments within a second of a write, prepared statements %s', async (prepared) => {
  await using started = await startWithSegments({ PREPARED_STATEMENTS: prepared });
  await started.rename('Ada');
  await started.until(['ada']);
  const lags: number[] = [];
  for (const [firstName, ...uids] of [['Eve'], ['Ada', 'ada'], ['Eve'], ['Ada', 'ada'], ['Eve']]) {
    await started.rename(String(firstName));
    lags.push(await started.until(uids));
  }
  expect(lags.toSorted((one, other) => one - other)[2]).toBeLessThan(1_000);
});
