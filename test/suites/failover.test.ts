import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { hasDebianPostgres } from '../kit/debian-postgres.ts';
import { printFigures } from '../kit/figures.ts';
import { startGateway } from '../kit/gateway-process.ts';
import { migrateWithOwner } from '../kit/own-server.ts';
import { ReplicatedPostgres } from '../kit/replicated-postgres.ts';

/** Failovers: 3 in CI, 20 for the figures of docs/high-availability.md. */
const KILLS = Number(process.env.FAILOVER_KILLS ?? 3);
const CLIENTS = 8;
/** Load before each kill and after each recovery, in ms. */
const LOAD_MS = Number(process.env.FAILOVER_LOAD_MS ?? 1_500);

/** What one client has written and read. Each client writes increasing numbers to one user of its own. */
interface History {
  uid: string;
  sent: number;
  /** The highest number whose write was acknowledged. */
  acknowledged: number;
  writes: number;
  reads: number;
  /** Reads that returned less than what had been acknowledged before they began. */
  stale: string[];
}

/** Sends a request. @returns its body, or undefined unless it succeeded. */
async function send(url: string, authorization: string, method: string, body?: object): Promise<unknown> {
  try {
    const response = await fetch(url, {
      method,
      headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(12_000),
    });
    const answer = (await response.json()) as { errors?: unknown };
    return response.ok && answer.errors === undefined ? answer : undefined;
  } catch {
    return undefined;
  }
}

const UPDATE = 'mutation ($input: UpdateUserInput!) { updateUser(input: $input) { __typename } }';

async function writeNumber(address: string, owner: string, history: History): Promise<void> {
  history.sent += 1;
  const number = history.sent;
  const meta = { number };
  const answer =
    number % 2 === 0
      ? await send(`${address}/v1/users/${history.uid}`, owner, 'PUT', { meta })
      : await send(`${address}/graphql`, owner, 'POST', {
          query: UPDATE,
          variables: { input: { uid: history.uid, meta } },
        });
  const text = JSON.stringify(answer ?? {});
  if (!answer || (number % 2 === 1 && !text.includes('Payload'))) return;
  history.acknowledged = number;
  history.writes += 1;
}

async function readNumber(address: string, owner: string, history: History): Promise<void> {
  const { uid, acknowledged } = history;
  const viaRest = history.reads % 2 === 0;
  const answer = viaRest
    ? await send(`${address}/v1/users/${uid}`, owner, 'GET')
    : await send(`${address}/graphql`, owner, 'POST', { query: `{ user(uid: "${uid}") { meta } }` });
  if (answer === undefined) return;
  history.reads += 1;
  const number = Number(/"number":(\d+)/.exec(JSON.stringify(answer))?.[1] ?? 0);
  if (number < acknowledged) history.stale.push(`${uid}: read ${number} after ${acknowledged}`);
}

async function untilOk(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await delay(20);
}

it.skipIf(!hasDebianPostgres)('loses no acknowledged write while primaries are killed', async () => {
  let owner = '';
  await using servers = await ReplicatedPostgres.start(async (url) => {
    ({ owner } = await migrateWithOwner({ connectionString: url }));
  });
  await using gateway = await startGateway({
    DATABASE_URL: `postgresql://postgres@${servers.ports.map((port) => `127.0.0.1:${port}`).join(',')}/usergraph`,
    RATE_LIMIT: '0',
    LOG_LEVEL: 'info',
  });
  const { address } = gateway;
  const histories = Array.from({ length: CLIENTS }, (_, index): History => {
    return { uid: `client${index}`, sent: 0, acknowledged: 0, writes: 0, reads: 0, stale: [] };
  });
  let isStopping = false;
  const running = histories.map(async (history) => {
    while (!isStopping) {
      const { acknowledged } = history;
      await writeNumber(address, owner, history);
      await readNumber(address, owner, history);
      await readNumber(address, owner, history);
      if (history.acknowledged === acknowledged) await delay(20);
    }
  });
  const isReady = async () => (await send(`${address}/health/ready`, owner, 'GET')) !== undefined;
  const canWrite = async () =>
    (await send(`${address}/v1/users/probe`, owner, 'PUT', { meta: { at: Date.now() } })) !== undefined;
  const slowest = { service: 0, recovery: 0 };
  for (let kill = 0; kill < KILLS; kill += 1) {
    await delay(LOAD_MS);
    const former = servers.primary;
    const killedAt = Date.now();
    await servers.kill();
    const promotedAt = await servers.promote();
    await untilOk(canWrite);
    await untilOk(isReady);
    slowest.service = Math.max(slowest.service, Date.now() - killedAt);
    slowest.recovery = Math.max(slowest.recovery, Date.now() - promotedAt);
    await servers.rejoin(former);
  }
  await delay(LOAD_MS);
  isStopping = true;
  await Promise.all(running);

  const lost: string[] = [];
  for (const { uid, acknowledged } of histories) {
    const sql = `SELECT (meta->>'number')::int AS number FROM users WHERE uid = '${uid}'`;
    const stored = Number((await servers.query(servers.primary, sql))[0]?.number ?? 0);
    if (stored < acknowledged) lost.push(`${uid}: stored ${stored}, acknowledged ${acknowledged}`);
  }
  const total = (field: 'writes' | 'reads') => histories.reduce((sum, history) => sum + history[field], 0);
  printFigures('failover', {
    kills: KILLS,
    'acknowledged writes': total('writes'),
    reads: total('reads'),
    lost: lost.length,
    'stale reads': histories.flatMap(({ stale }) => stale).length,
    'slowest ms from kill to service': slowest.service,
    'slowest ms from promotion to service': slowest.recovery,
  });
  expect(lost).toEqual([]);
  expect(histories.flatMap(({ stale }) => stale)).toEqual([]);
  expect(slowest.service).toBeLessThan(10_000);
  expect(slowest.recovery).toBeLessThan(5_000);
});
