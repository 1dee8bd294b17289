import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { holding } from '../../kit/holding.ts';
import { startOtlpReceiver } from '../../kit/otlp-receiver.ts';
import { idOf } from '../../kit/persisted.ts';
import { startProduction } from '../../kit/production.ts';
import { reportingModules } from '../../kit/reporting-modules.ts';
import { logLines, waitUntil } from '../../kit/workers.ts';

/** Shorter than the timeout of a lock; long enough for requests that arrive late on a busy machine to be slow. */
const LOCKED_MS = 1_600;
const SLOW_OPERATION_MS = '600';

const query = 'query Slow($uid: String!) { user(uid: $uid) { uid } }';
const uid = 'uidOfAda9f31';

it('logs slow operations of all kinds of requests without their variables, and no others, without traces', async () => {
  await using collector = await startOtlpReceiver();
  const withoutTraces = { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
  await using gateway = await startProduction({ ...withoutTraces, SLOW_OPERATION_MS }, reportingModules);
  const { authorization } = gateway.key;
  const post = (id: string, body: object, accept: string) =>
    fetch(`${gateway.address}/graphql`, {
      method: 'POST',
      headers: { authorization, accept, 'content-type': 'application/json', 'x-request-id': id },
      body: JSON.stringify(body),
    });
  // The first request compiles code.
  for (const id of ['first', 'fast']) await (await post(id, { query: '{ __typename }' }, 'application/json')).text();
  const slow = { query, variables: { uid } };
  const requests: Promise<Response>[] = [];
  await holding({ connection: { connectionString: gateway.databaseUrl } }, 'users', async () => {
    // Yoga's handler answers a request that accepts other types.
    requests.push(post('direct', slow, 'application/json'), post('yoga', slow, 'application/json;q=0.9, text/x;q=0.1'));
    const rest = `${gateway.address}/v1/users/${uid}`;
    requests.push(fetch(rest, { headers: { authorization, 'x-request-id': 'rest' } }));
    await delay(LOCKED_MS);
  });
  const statuses = (await Promise.all(requests)).map(({ status }) => status);
  expect(statuses).toEqual([200, 200, 404]);

  const byRequest = await waitUntil(() => {
    const found = new Map(logLines(gateway, /^slow operation$/).map((line) => [Reflect.get(line, 'requestId'), line]));
    found.delete('first');
    expect([...found.keys()].sort()).toEqual(['direct', 'rest', 'yoga']);
    return found;
  });
  const { workspaceId } = gateway;
  const graphql = {
    workspaceId,
    method: 'POST',
    route: '/graphql',
    status: 200,
    ms: expect.any(Number),
    operation: {
      type: 'query',
      hash: idOf(query),
      cost: expect.any(Number),
      parseMs: expect.any(Number),
      validateMs: expect.any(Number),
      executeMs: expect.any(Number),
    },
    statements: [{ label: 'readUsers', count: 1, ms: expect.any(Number) }],
  };
  expect(byRequest.get('direct')).toMatchObject(graphql);
  expect(byRequest.get('yoga')).toMatchObject(graphql);
  const rest = byRequest.get('rest');
  expect(rest).toMatchObject({ workspaceId, method: 'GET', route: '/v1/users/:uid', status: 404 });
  expect(rest).not.toHaveProperty('operation');
  expect(rest).toHaveProperty('statements.0.ms', expect.any(Number));
  expect(gateway.output()).not.toContain(uid);
  expect(gateway.output()).not.toContain('Slow');

  expect(await gateway.end('SIGTERM')).toBe(0);
  expect(collector.headers).toEqual([]);
  expect(gateway.output()).not.toContain('@opentelemetry');
  expect(gateway.output()).not.toContain('trace_id');
});
