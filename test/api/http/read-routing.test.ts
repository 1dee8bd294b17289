import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { WalPosition } from '../../../src/db/servers/wal-position.ts';
import { type ReadRouting, RecentWrites } from '../../../src/http/read-routing.ts';
import { startApp } from '../../kit/app.ts';
import { holding } from '../../kit/holding.ts';
import { post } from '../../kit/http.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

type Options = NonNullable<Parameters<typeof startApp>[0]>;

const HEADER = 'usergraph-read-after';
const write = JSON.stringify({ query: 'mutation { updateUser(input: { uid: "u1" }) { __typename } }' });
const read = JSON.stringify({ query: '{ user(uid: "u1") { uid } }' });

/** Starts an app that asks stand-ins for replicas, and records what reads require and what is shared. */
async function startRouted({ share = async () => {}, ...options }: Options & { share?: () => Promise<void> } = {}) {
  const state = { position: { timeline: 1, lsn: 9n } as WalPosition | undefined, probes: 0 };
  const required: unknown[] = [];
  const shared: unknown[] = [];
  const writes = new RecentWrites(60_000);
  writes.floor = { timeline: 1, lsn: 1n };
  const readRouting: ReadRouting = {
    replicas: {
      choose: (position) => {
        required.push(position);
        return app.db;
      },
      positionAfterWrites: async () => {
        state.probes += 1;
        return state.position;
      },
    },
    writes,
    share: (_key, outcome) => {
      shared.push(outcome);
      return share();
    },
  };
  const app = await startApp({ ...options, readRouting });
  return Object.assign(app, { state, required, shared });
}

it('adds the position to the response of a write, and reads after it', async () => {
  await using app = await startRouted();
  const { headers } = await post(app, write);
  expect(headers[HEADER]).toBe('1-0/9');
  expect((await post(app, read)).headers[HEADER]).toBeUndefined();
  expect((await post(app, read, { headers: { [HEADER]: '2-0/1' } })).json()).toEqual({ data: { user: { uid: 'u1' } } });
  expect(app.required).toEqual([
    { timeline: 1, lsn: 9n },
    { timeline: 2, lsn: 1n },
  ]);
});

it('adds "primary" to the response of a write at an unknown position, and accepts it', async () => {
  await using app = await startRouted();
  app.state.position = undefined;
  expect((await post(app, write)).headers[HEADER]).toBe('primary');
  app.state.position = { timeline: 1, lsn: 10n };
  expect((await post(app, write)).headers[HEADER]).toBe('1-0/A');
  const { owner } = app.stranger;
  const headers = { authorization: owner, [HEADER]: 'primary' };
  expect((await post(app, read, { headers })).statusCode).toBe(200);
  const rest = await app.app.inject({ method: 'GET', url: '/v1/users/u1', headers });
  expect(rest.statusCode).toBe(404);
  expect(app.required).toEqual(['primary', 'primary']);
});

it('answers once at the deadline, although the write is shared slowly and committed meanwhile', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using app = await startRouted({
    share: () => promise,
    limits: { requestMs: 300, lockMs: 20_000, statementMs: 20_000 },
  });
  let answers = 0;
  app.app.addHook('onSend', (_request, _reply, _payload, done) => {
    answers += 1;
    done();
  });
  await app.app.ready();
  const responses: ReturnType<typeof post>[] = [];
  await holding(app, 'users', async () => {
    responses.push(post(app, write));
    await expect.poll(() => app.shared).toEqual(['uncertain']);
  });
  await untilWaiting(app, 0);
  await delay(200);
  resolve();
  const [response] = await Promise.all(responses);
  expect([response?.statusCode, response?.headers[HEADER], answers]).toEqual([503, undefined, 1]);
  expect(app.state.probes).toBe(0);
  await post(app, read);
  expect(app.required).toEqual(['primary']);
});

it('neither asks the primary nor tells other workers about mutations beyond the rate limit', async () => {
  await using app = await startRouted({ rateLimits: { secret: 3, publicKey: 0 } });
  const statuses = [];
  for (let index = 0; index < 2; index += 1) statuses.push((await post(app, write)).statusCode);
  expect([statuses, app.state.probes, app.shared.length]).toEqual([[200, 429], 1, 1]);
});

it('reads the state of imports and exports from the primary', async () => {
  await using app = await startRouted();
  const headers = { authorization: app.owner };
  for (const kind of ['imports', 'exports']) {
    const url = `/v1/${kind}/00000000-0000-7000-8000-000000000000`;
    expect((await app.app.inject({ url, headers })).statusCode).toBe(404);
  }
  expect(app.required).toEqual([]);
});
