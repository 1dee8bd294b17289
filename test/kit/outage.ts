import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { z } from 'zod';
import type { GatewayProcess } from './gateway-process.ts';
import { waitUntil } from './workers.ts';

/** Maximum duration of a request in ms, whatever the state of the database, with a margin for slow machines. */
const DEADLINE_MS = 11_000;

const Body = z.object({
  code: z.string().optional(),
  errors: z.array(z.object({ extensions: z.object({ code: z.string() }) })).optional(),
});

/** The response to a request. */
export interface Outcome {
  status: number;
  /** The error code; `data` if there is no error. */
  code: string;
}

export interface Target {
  address: string;
  owner: string;
}

async function ask({ address, owner }: Target, path: string, method: string, body?: object): Promise<Outcome> {
  const response = await fetch(address + path, {
    method,
    headers: { authorization: owner, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(DEADLINE_MS),
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const { code, errors } = Body.parse(await response.json());
  return { status: response.status, code: code ?? errors?.[0]?.extensions.code ?? 'data' };
}

const graphql = (target: Target, query: string) => ask(target, '/graphql', 'POST', { query });

/** Reads through GraphQL; the same text each time, so that the query is compiled. */
export const read = (target: Target) => graphql(target, '{ users(first: 1) { nodes { uid events { totalCount } } } }');

/** A request of every kind: reads and writes of one statement, of several, and of a transaction, through both APIs. */
export const requestsOfEachKind = (target: Target): Promise<Outcome>[] => [
  read(target),
  graphql(target, '{ user(uid: "nobody") { uid } }'),
  graphql(target, 'mutation { addEvent(input: { uid: "u", name: "x" }) { __typename } }'),
  graphql(target, 'mutation { updateUser(input: { uid: "u", meta: { a: 1 } }) { __typename } }'),
  graphql(target, 'mutation { updateUser(input: { uid: "u", device: { token: "t", platform: IOS } }) { __typename } }'),
  ask(target, '/v1/users', 'GET'),
  ask(target, '/v1/users/u', 'PUT', { first_name: 'Ada' }),
  ask(target, '/v1/users/u/events', 'POST', { event: 'x' }),
];

/** Creates the user that these requests refer to. */
export async function createUserU(target: Target): Promise<void> {
  const { code } = await graphql(target, 'mutation { createUser(input: { uid: "u" }) { __typename } }');
  expect(code).toBe('data');
}

const statusOf = async (address: string, path: string) => (await fetch(address + path)).status;

/**
 * Expects that readiness fails while liveness succeeds, and that every request is rejected in time with an error of the contract.
 * @returns the duration of the slowest rejection in ms.
 */
export async function expectOutage(target: Target): Promise<number> {
  await waitUntil(async () => expect(await statusOf(target.address, '/health/ready')).toBe(503));
  const began = Date.now();
  const outcomes = await Promise.all([...requestsOfEachKind(target), ...requestsOfEachKind(target)]);
  const slowest = Date.now() - began;
  expect(outcomes).toEqual(outcomes.map(() => ({ status: 503, code: 'SERVICE_UNAVAILABLE' })));
  expect(await statusOf(target.address, '/health/live')).toBe(200);
  expect(await statusOf(target.address, '/health/ready')).toBe(503);
  return slowest;
}

/** Returns the time in ms until a request is answered with data. Sends requests repeatedly, without waiting for responses. */
export async function untilServed(target: Target): Promise<number> {
  const began = Date.now();
  const served = Promise.withResolvers<number>();
  const ending = new AbortController();
  const asked: Promise<void>[] = [];
  const timeout = setTimeout(() => served.reject(new Error('The gateway has not recovered within 30 s.')), 30_000);
  void (async () => {
    while (!ending.signal.aborted) {
      const asking = read(target).then(({ status }) => {
        if (status === 200) served.resolve(Date.now() - began);
      });
      asked.push(asking.catch(() => {}));
      await delay(100);
    }
  })();
  try {
    return await served.promise;
  } finally {
    ending.abort();
    clearTimeout(timeout);
    await Promise.all(asked);
  }
}

/** The idle timeout of a connection in ms, with a margin. */
const KEPT_MS = 10_000 + 2_000;

/** A gateway whose database sessions have an application name. */
export interface Watched extends Target {
  gateway: GatewayProcess;
  query(sql: string): Promise<Record<string, unknown>[]>;
  sessionName: string;
  poolSize: number;
}

const sessionsOf = ({ query, sessionName }: Pick<Watched, 'query' | 'sessionName'>) =>
  query(`SELECT pid, state, query, extract(epoch FROM now() - state_change)::float8 AS age
    FROM pg_stat_activity WHERE application_name = '${sessionName}'`);

/**
 * Expects that an idle gateway closes its connections. A connection that a request has leaked would stay open, unused. The computation of
 * segments uses one connection twice a second, and another job one every 5 s, which is a second one if both coincide: at most these two
 * are never idle for long enough to be closed.
 */
export async function expectNothingHeld(watched: Watched): Promise<void> {
  expect(await sessionsOf(watched)).not.toEqual([]);
  await delay(KEPT_MS);
  const sessions = await sessionsOf(watched);
  expect(sessions.filter(({ state }) => String(state).startsWith('idle in transaction'))).toEqual([]);
  expect(sessions.filter(({ age }) => Number(age) * 1_000 >= KEPT_MS)).toEqual([]);
  expect(sessions.length).toBeLessThanOrEqual(2);
}

/**
 * Expects that the gateway recovers within 6 s. A silent connection is closed after `LIMIT_STATEMENT_MS` and half a second,
 * because the workspace's share of the pool may consist of such connections; another half second is a margin. Also expects
 * that the gateway is ready, is the same process, and has no more connections than its pool, none in a transaction.
 * @returns the time to recovery in ms.
 */
export async function expectRecovery({ gateway, query, sessionName, poolSize, ...target }: Watched): Promise<number> {
  const took = await untilServed(target);
  expect(took).toBeLessThan(6_000);
  await waitUntil(async () => expect(await statusOf(target.address, '/health/ready')).toBe(200));
  const outcomes = await Promise.all(requestsOfEachKind(target));
  expect(outcomes.map(({ code }) => code)).toEqual(outcomes.map(() => 'data'));
  process.kill(gateway.pid, 0);
  await waitUntil(async () => {
    const sessions = await sessionsOf({ query, sessionName });
    expect(sessions).not.toEqual([]);
    expect(sessions.length).toBeLessThanOrEqual(poolSize);
    expect(sessions.filter(({ state }) => state !== 'idle')).toEqual([]);
  });
  return took;
}
