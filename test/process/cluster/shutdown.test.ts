import { expect, it } from 'vitest';
import {
  type Answer,
  beginRequest,
  logLines,
  pidsThatLogged,
  runs,
  startTwoWorkers,
  waitUntil,
  workerPids,
} from '../../kit/workers.ts';

type Started = Awaited<ReturnType<typeof startTwoWorkers>>;

const create = (place: number) => `mutation { createUser(input: { uid: "u${place}" }) { __typename } }`;
const created = { status: 200, body: JSON.stringify({ data: { createUser: { __typename: 'CreateUserPayload' } } }) };
const shuttingDown = 'received: shutting down';

/** Begins six requests, distributed to both workers, and returns a function that completes them. */
async function beginSix({ gateway, owner }: Started) {
  const finish: (() => Promise<Answer>)[] = [];
  for (let place = 0; place < 6; place += 1) finish.push(await beginRequest(gateway.address, owner, create(place)));
  return () => Promise.all(finish.map((send) => send()));
}

it.each<[string, (gateway: Started['gateway']) => void]>([
  ['SIGTERM', ({ pid }) => process.kill(pid, 'SIGTERM')],
  ['SIGINT to the whole group, as on Ctrl-C', ({ pid }) => process.kill(-pid, 'SIGINT')],
  ['SIGTERM to the whole group', ({ pid }) => process.kill(-pid, 'SIGTERM')],
])('answers in-flight requests on %s and restarts no worker', async (_name, end) => {
  await using started = await startTwoWorkers({}, { command: [process.execPath, 'src/main.ts'], detached: true });
  const { gateway } = started;
  const finish = await beginSix(started);
  end(gateway);
  await waitUntil(() => expect(pidsThatLogged(gateway, shuttingDown)).toHaveLength(3));
  expect(await finish()).toEqual(Array(6).fill(created));
  expect(await gateway.ended).toBe(0);
  expect(pidsThatLogged(gateway, 'POST /graphql')).toHaveLength(2);
  expect([workerPids(gateway).length, logLines(gateway, 'restarting')]).toEqual([2, []]);
  expect(workerPids(gateway).filter(runs)).toEqual([]);
});

it('answers in-flight requests and leaves no worker running when the primary is killed', async () => {
  await using started = await startTwoWorkers();
  const { gateway } = started;
  const finish = await beginSix(started);
  await gateway.end('SIGKILL');
  await waitUntil(() => expect(pidsThatLogged(gateway, shuttingDown)).toHaveLength(2));
  expect(await finish()).toEqual(Array(6).fill(created));
  await waitUntil(() => expect(workerPids(gateway).filter(runs)).toEqual([]));
});

it('replaces a worker that got SIGTERM after it has answered its in-flight requests', async () => {
  await using started = await startTwoWorkers();
  const { gateway } = started;
  const finish = await beginSix(started);
  const [stopped = 0] = workerPids(gateway);
  process.kill(stopped, 'SIGTERM');
  await waitUntil(() => expect(pidsThatLogged(gateway, shuttingDown)).toEqual([stopped]));
  expect(await finish()).toEqual(Array(6).fill(created));
  await waitUntil(() => expect(workerPids(gateway)).toHaveLength(3));
  expect(runs(stopped)).toBe(false);
});

it('exits although a worker hangs', async () => {
  await using started = await startTwoWorkers();
  const { gateway } = started;
  const [hung = 0] = workerPids(gateway);
  process.kill(hung, 'SIGSTOP');
  expect(await gateway.end('SIGTERM')).toBe(0);
  expect(runs(hung)).toBe(false);
});
