import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { DEMO_OWNER, type GatewayProcess, queryAsDemo, serverRuns, startGateway } from '../kit/gateway-process.ts';
import { createUserU, requestsOfEachKind, untilServed } from '../kit/outage.ts';
import { postmasterPid } from '../kit/postmaster-pid.ts';
import { signalTree } from '../kit/process-tree.ts';
import { waitUntil } from '../kit/workers.ts';

async function makeFolder() {
  const directory = await mkdtemp(join(tmpdir(), 'usergraph-embedded-'));
  return {
    directory,
    postmaster: () => postmasterPid(join(directory, 'postgres')),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true, maxRetries: 10 }),
  };
}

/** How long in ms the embedded database is paused: longer than the timeout of the readiness check. */
const PAUSE_MS = 3_000;

/** Pauses the database and all its sessions. */
async function pauseWhile(postmaster: number, act: () => Promise<void>): Promise<void> {
  signalTree(postmaster, 'SIGSTOP');
  try {
    await Promise.all([act(), delay(PAUSE_MS)]);
  } finally {
    signalTree(postmaster, 'SIGCONT');
  }
}

const target = ({ address }: GatewayProcess) => ({ address, owner: DEMO_OWNER });

it.each([
  ['is killed', 'SIGKILL', '1'],
  ['is killed, under two workers', 'SIGKILL', '2'],
  ['is stopped', 'SIGINT', '1'],
] as const)(
  'restarts an embedded database that %s, without losing data',
  { timeout: 60_000 },
  async (_how, signal, workers) => {
    await using folder = await makeFolder();
    await using gateway = await startGateway({ DATA_DIR: folder.directory, WORKERS: workers });
    await queryAsDemo(gateway.address, 'mutation { createUser(input: { uid: "kept" }) { __typename } }');
    const first = await folder.postmaster();
    process.kill(first, signal);
    await waitUntil(() => expect(gateway.output()).toContain('The embedded PostgreSQL is running again'));
    expect(await untilServed(target(gateway))).toBeLessThan(5_000);
    expect(await folder.postmaster()).not.toBe(first);
    expect(await queryAsDemo(gateway.address, '{ user(uid: "kept") { uid } }')).toEqual({
      data: { user: { uid: 'kept' } },
    });
    // A second time.
    process.kill(await folder.postmaster(), 'SIGKILL');
    await waitUntil(() => expect(gateway.output().match(/is running again/g)).toHaveLength(2));
    expect(await untilServed(target(gateway))).toBeLessThan(5_000);
    expect(await gateway.end('SIGTERM')).toBe(0);
    expect(await serverRuns(folder.directory)).toBe(false);
  },
);

it('shuts down gracefully just after the embedded database was killed, and leaves no database process running', {
  timeout: 60_000,
}, async () => {
  await using folder = await makeFolder();
  const gateway = await startGateway({ DATA_DIR: folder.directory });
  process.kill(await folder.postmaster(), 'SIGKILL');
  expect(await gateway.end('SIGTERM')).toBe(0);
  expect(await serverRuns(folder.directory)).toBe(false);
});

it.each(['1', '2'])(
  'waits for a paused embedded database without starting another one, %s workers',
  {
    timeout: 60_000,
  },
  async (WORKERS) => {
    await using folder = await makeFolder();
    await using gateway = await startGateway({ DATA_DIR: folder.directory, WORKERS });
    await createUserU(target(gateway));
    const postmaster = await folder.postmaster();
    let answered: Promise<{ outcome: string; ms: number }[]> = Promise.resolve([]);
    await pauseWhile(postmaster, async () => {
      const began = Date.now();
      const timed = requestsOfEachKind(target(gateway)).map(async (asked) => {
        const { status, code } = await asked;
        return { outcome: `${status} ${code}`, ms: Date.now() - began };
      });
      answered = Promise.all(timed);
      expect((await fetch(`${gateway.address}/health/ready`)).status).toBe(503);
    });
    expect(await untilServed(target(gateway))).toBeLessThan(5_000);
    for (const { outcome, ms } of await answered) {
      expect(outcome).toMatch(/^(20[01] data|503 SERVICE_UNAVAILABLE)$/);
      expect(ms).toBeLessThan(10_000);
    }
    expect((await fetch(`${gateway.address}/health/ready`)).status).toBe(200);
    expect(await folder.postmaster()).toBe(postmaster);
    expect(gateway.output()).not.toContain('starts again');
  },
);
