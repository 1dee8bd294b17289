import { expect, it } from 'vitest';
import {
  logLines,
  pidsThatLogged,
  sendOnNewConnection,
  startTwoWorkers,
  waitUntil,
  workerPids,
} from '../../kit/workers.ts';

const query = '{ viewer { keyId } }';

it('counts the points of a key across workers, and keeps the count when a worker dies', async () => {
  await using started = await startTwoWorkers({ RATE_LIMIT: '20' });
  const { gateway, owner } = started;
  const ask = async () => (await sendOnNewConnection(gateway.address, owner, query)).status;
  const statuses = await Promise.all(Array.from({ length: 30 }, ask));
  expect(statuses.sort()).toEqual([...Array(20).fill(200), ...Array(10).fill(429)]);
  await waitUntil(() => expect(logLines(gateway, 'POST /graphql')).toHaveLength(30));
  expect(pidsThatLogged(gateway, 'POST /graphql')).toHaveLength(2);
  process.kill(workerPids(gateway)[0] ?? 0, 'SIGKILL');
  await waitUntil(() => expect(workerPids(gateway)).toHaveLength(3));
  expect([await ask(), await ask()]).toEqual([429, 429]);
});
