import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_OWNER, failGateway, serverRuns, startGateway } from '../../kit/gateway-process.ts';
import {
  logLines,
  pidsThatLogged,
  sendOnNewConnection,
  startTwoWorkers,
  waitUntil,
  workerPids,
} from '../../kit/workers.ts';

const count = '{ users(first: 1) { totalCount } }';

describe('several workers on the embedded database', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'usergraph-workers-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('serve one port from one database and print one banner', async () => {
    const gateway = await startGateway({ DATA_DIR: directory, WORKERS: '3' });
    await waitUntil(() => expect(workerPids(gateway)).toHaveLength(3));
    expect(workerPids(gateway)).not.toContain(gateway.pid);
    for (let place = 0; place < 6; place += 1) {
      const { status, body } = await sendOnNewConnection(gateway.address, DEMO_OWNER, count);
      expect([status, JSON.parse(body)]).toEqual([200, { data: { users: { totalCount: 250 } } }]);
    }
    await waitUntil(() => expect(pidsThatLogged(gateway, 'POST /graphql').sort()).toEqual(workerPids(gateway).sort()));
    expect(gateway.output().match(/usergraph is ready/g)).toHaveLength(1);
    expect(await gateway.end('SIGTERM')).toBe(0);
    expect(await serverRuns(directory)).toBe(false);
  });

  it('fail with one line if the port is in use, before the database is started', async () => {
    const other = join(directory, 'other');
    await using gateway = await startGateway({ DATA_DIR: directory, WORKERS: '2' });
    const { code, output } = await failGateway({ DATA_DIR: other, WORKERS: '2', PORT: new URL(gateway.address).port });
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/^Cannot listen: EADDRINUSE: .* Stop the program that uses the port, or set PORT\.\n$/),
    ]);
    expect(await serverRuns(other)).toBe(false);
  });

  it('exit with an error and stop their database if no worker can start', async () => {
    const dies = 'data:text/javascript,if(process.send)process.exit(3)';
    const { code, output } = await failGateway({
      DATA_DIR: directory,
      WORKERS: '2',
      NODE_OPTIONS: `--import=${dies}`,
    });
    expect(code).toBe(1);
    expect(output).toMatch(/^No worker could start\. The last one exited with code 3\.$/m);
    expect(output.match(/restarting it/g)?.length).toBeGreaterThanOrEqual(4);
    expect(await serverRuns(directory)).toBe(false);
  });
});

it('replaces a killed worker while the other one answers', async () => {
  await using started = await startTwoWorkers();
  const { gateway, owner } = started;
  const ask = async () => (await sendOnNewConnection(gateway.address, owner, '{ viewer { keyId } }')).status;
  const [killed = 0, spared = 0] = workerPids(gateway);
  process.kill(killed, 'SIGKILL');
  await waitUntil(() => expect(logLines(gateway, `Worker ${killed} was killed by SIGKILL`)).toHaveLength(1));
  expect([await ask(), await ask()]).toEqual([200, 200]);
  const [, , replacement = 0] = await waitUntil(() => {
    expect(workerPids(gateway)).toHaveLength(3);
    return workerPids(gateway);
  });
  await waitUntil(async () => {
    expect(await ask()).toBe(200);
    expect(pidsThatLogged(gateway, 'POST /graphql')).toEqual(expect.arrayContaining([spared, replacement]));
  });
});

it('restarts on the same port after all workers were killed', async () => {
  await using started = await startTwoWorkers();
  const { gateway, owner } = started;
  for (const pid of workerPids(gateway)) process.kill(pid, 'SIGKILL');
  await waitUntil(() => expect(workerPids(gateway)).toHaveLength(4));
  expect((await sendOnNewConnection(gateway.address, owner, '{ viewer { keyId } }')).status).toBe(200);
});

it('closes the connections of a killed worker, so that no client waits', async () => {
  await using started = await startTwoWorkers();
  const { gateway, owner } = started;
  const [killed = 0] = workerPids(gateway);
  process.kill(killed, 'SIGSTOP');
  // The stopped worker is handed one of the connections and does not accept it.
  const requests = [1, 2, 3].map(() => sendOnNewConnection(gateway.address, owner, '{ viewer { keyId } }'));
  await waitUntil(() => expect(logLines(gateway, 'POST /graphql')).toHaveLength(2));
  process.kill(killed, 'SIGKILL');
  const ends = (await Promise.allSettled(requests)).map((end) =>
    end.status === 'rejected' ? 'cut' : end.value.status,
  );
  expect(ends.sort()).toEqual([200, 200, 'cut']);
});
