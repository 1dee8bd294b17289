import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createKey } from '../../src/auth/keys.ts';
import { scopes } from '../../src/domain/shared/scopes.ts';
import { createWorkspace } from '../../src/domain/workspaces/workspaces.ts';
import { basic } from '../kit/app.ts';
import { createDatabase } from '../kit/database.ts';
import { addUser } from '../kit/factories.ts';
import { printFigures } from '../kit/figures.ts';
import { type GatewayProcess, startGateway } from '../kit/gateway-process.ts';
import { startLoad } from '../kit/open-loop.ts';

const PER_SECOND = 200;

/** Starts a gateway on its own database, and sends 200 requests per second. */
async function startUnderLoad(environment: Record<string, string>) {
  const database = await createDatabase();
  const { id: workspaceId } = await createWorkspace(database.db, 'Owner');
  await addUser({ db: database.db, workspaceId }, { uid: 'u' });
  const key = await createKey(database.db, workspaceId, scopes);
  const gateway = await startGateway({
    DATABASE_URL: `${database.connection.connectionString}&application_name=gateway`,
    RATE_LIMIT: '0',
    ...environment,
  });
  const load = startLoad(gateway.address, basic(key.publicKey, key.secret), PER_SECOND);
  return {
    gateway,
    load,
    /** The numbers of the events that were added. */
    stored: async () => (await database.db.event.findMany()).map(({ value }) => Number(value)),
    sessions: async () => {
      const [row] = await database.db.$queryRaw<{ count: number }[]>`
        SELECT count(*)::int FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'gateway'`;
      return row?.count;
    },
    async [Symbol.asyncDispose]() {
      await load.stop();
      await gateway[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Acts as a load balancer: stops sending requests once the readiness check fails. */
async function untilRed({ address }: GatewayProcess): Promise<void> {
  const ready = async () => (await fetch(`${address}/health/ready`, { headers: { connection: 'close' } })).status;
  while ((await ready()) === 200) await delay(250);
}

it.each(['1', '2'])('loses no request behind a load balancer, %s workers', async (WORKERS) => {
  await using started = await startUnderLoad({ WORKERS, DRAIN_MS: '1500' });
  const { gateway, load } = started;
  await load.steady();
  const signalled = Date.now();
  process.kill(gateway.pid, 'SIGTERM');
  await untilRed(gateway);
  const red = Date.now() - signalled;
  const ended = await load.stop();
  expect(await gateway.ended).toBe(0);
  expect(ended.filter(({ status }) => status !== 200)).toEqual([]);
  expect(ended.filter(({ body }) => body.includes('"errors"'))).toEqual([]);
  const stored = new Set(await started.stored());
  expect(ended.filter(({ number }) => number % 2 === 1 && !stored.has(number))).toEqual([]);
  expect(await started.sessions()).toBe(0);
  printFigures('shutdown', {
    workers: WORKERS,
    'drain ms': 1500,
    requests: ended.length,
    'sent after the signal': ended.filter(({ sent }) => sent > signalled).length,
    'not ready after ms': red,
    'exited after ms': Date.now() - signalled,
    lost: 0,
  });
});

it.each([
  { WORKERS: '1', DRAIN_MS: '0' },
  { WORKERS: '2', DRAIN_MS: '0' },
  { WORKERS: '1', DRAIN_MS: '1500' },
  { WORKERS: '2', DRAIN_MS: '1500' },
])('completes every request that it has begun, even if clients continue to send, %o', async (environment) => {
  await using started = await startUnderLoad(environment);
  const { gateway, load } = started;
  await load.steady();
  const signalled = Date.now();
  process.kill(gateway.pid, 'SIGTERM');
  expect(await gateway.ended).toBe(0);
  const took = Date.now() - signalled;
  const ended = await load.stop();
  const lost = ended.filter(({ status }) => status !== 200);
  const stored = new Set(await started.stored());
  const cut = lost.filter(
    ({ number, begun }) => begun || stored.has(number) || gateway.output().includes(`"load-${number}"`),
  );
  expect(cut).toEqual([]);
  // Otherwise the test would not cover in-flight requests.
  const inFlight = ended.filter((one) => one.begun && one.sent < signalled && one.ended > signalled);
  expect(inFlight).not.toEqual([]);
  expect(
    [...new Set(lost.map(({ status }) => status))].filter((s) => s !== 'ECONNREFUSED' && s !== 'ECONNRESET'),
  ).toEqual([]);
  // Requests sent before the signal have the whole drain period.
  if (environment.DRAIN_MS !== '0') expect(lost.filter(({ sent }) => sent < signalled)).toEqual([]);
  expect(await started.sessions()).toBe(0);
  printFigures('shutdown', {
    workers: environment.WORKERS,
    'drain ms': environment.DRAIN_MS,
    requests: ended.length,
    'in flight at the signal': inFlight.length,
    'rejected, never begun': lost.length,
    'exited after ms': took,
    cut: 0,
  });
});
