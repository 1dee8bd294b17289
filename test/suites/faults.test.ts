import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../kit/fault-proxy.ts';
import { printFigures } from '../kit/figures.ts';
import { startGateway } from '../kit/gateway-process.ts';
import {
  createUserU,
  expectNothingHeld,
  expectOutage,
  expectRecovery,
  requestsOfEachKind,
  type Watched,
} from '../kit/outage.ts';
import { type OwnServer, startOwnServer } from '../kit/own-server.ts';

const POOL_SIZE = 4;

let server: OwnServer;
let proxy: FaultProxy;
let direct: Watched;
let proxied: Watched;
beforeAll(async () => {
  server = await startOwnServer();
  proxy = await startFaultProxy({ path: server.socket });
  direct = await start('direct', server.url);
  proxied = await start('proxied', `postgresql://postgres@127.0.0.1:${proxy.port}/usergraph?x=y`);
  await createUserU(direct);
});
afterAll(async () => {
  await direct.gateway[Symbol.asyncDispose]();
  await proxied.gateway[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function start(sessionName: string, url: string): Promise<Watched> {
  const gateway = await startGateway({
    DATABASE_URL: `${url}&application_name=${sessionName}`,
    POOL_SIZE: String(POOL_SIZE),
    RATE_LIMIT: '0',
    // On a slow machine, more requests than the default are in flight while connections are cut.
    CONCURRENCY_LIMIT: '0',
  });
  const { owner, query } = server;
  return { address: gateway.address, owner, gateway, query, sessionName, poolSize: POOL_SIZE };
}

/** Sends requests of every kind first, so that the pool is full, the key is cached and the query is compiled. */
async function warmUp(target: Watched): Promise<void> {
  for (let round = 0; round < 4; round += 1) {
    for (const { code } of await Promise.all(requestsOfEachKind(target))) expect(code).toBe('data');
  }
}

/** Causes an outage and ends it, and prints how long rejections and the recovery took. */
async function outage(name: string, target: Watched, end: () => unknown, begin: () => unknown): Promise<void> {
  await warmUp(target);
  let rejected: number;
  try {
    await end();
    rejected = await expectOutage(target);
  } finally {
    await begin();
  }
  const served = await expectRecovery(target);
  printFigures('faults', { fault: name, 'slowest rejection ms': rejected, 'recovered after ms': served });
}

it.each([
  ['stopped', () => server.stop(), () => server.start()],
  ['killed', () => server.kill(), () => server.start()],
  ['paused', () => server.pause(), () => server.resume()],
])('rejects requests in time while the database is %s, and recovers without a restart', (how, end, begin) =>
  outage(how, direct, end, begin),
);

it('rejects requests in time while the network drops all packets, and recovers without a restart', () =>
  outage('silent', proxied, proxy.stall, proxy.flow));

it('serves over a slow network, and rejects requests in time over one that is too slow', async () => {
  await warmUp(proxied);
  proxy.delay(100);
  for (const { code } of await Promise.all(requestsOfEachKind(proxied))) expect(code).toBe('data');
  await outage('too slow', proxied, () => proxy.delay(6_000), proxy.flow);
});

it('recovers if the connections of an outage stay silent', async () => {
  await warmUp(proxied);
  proxy.stall();
  const meanwhile = [...requestsOfEachKind(proxied), ...requestsOfEachKind(proxied)];
  await delay(500);
  proxy.forget();
  const served = await expectRecovery(proxied);
  // Requests that waited for a connection have got a new one.
  for (const { code } of await Promise.all(meanwhile)) expect(['data', 'SERVICE_UNAVAILABLE']).toContain(code);
  printFigures('faults', { fault: 'silent connections', 'recovered after ms': served });
});

it('survives a network that closes its connections under load', async () => {
  await warmUp(proxied);
  const requests = [];
  for (let round = 0; round < 20; round += 1) {
    requests.push(...requestsOfEachKind(proxied));
    await delay(15);
    proxy.cut();
  }
  const codes = new Set((await Promise.all(requests)).map(({ code }) => code));
  expect([...codes].filter((code) => code !== 'data' && code !== 'SERVICE_UNAVAILABLE')).toEqual([]);
  const served = await expectRecovery(proxied);
  printFigures('faults', {
    fault: 'connections closed 20 times',
    requests: requests.length,
    'recovered after ms': served,
  });
});

it('holds no database connection after these outages, once it is idle', async () => {
  for (const watched of [direct, proxied]) await warmUp(watched);
  await Promise.all([direct, proxied].map(expectNothingHeld));
});
