import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts, listenOnFreePort } from '../../kit/free-ports.ts';
import { type GatewayProcess, startGateway } from '../../kit/gateway-process.ts';
import { type ReceivedSpan, startOtlpReceiver } from '../../kit/otlp-receiver.ts';
import { idOf, writePersisted } from '../../kit/persisted.ts';
import { type Production, startProduction } from '../../kit/production.ts';
import { reportingModules } from '../../kit/reporting-modules.ts';
import { logLines, waitUntil } from '../../kit/workers.ts';

const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;

const persisted = 'query UserByUid($uid: String!) { user(uid: $uid) { firstName events { totalCount } } }';

/** Data of requests, none of which may be exported. */
const personal = {
  uid: 'uidOfAda9f31',
  email: 'ada.private@example.org',
  firstName: 'Adaprivate',
  event: 'private-event-name',
  operationName: 'NameChosenByACaller',
  requestId: 'private-request-id',
};

let collector: Awaited<ReturnType<typeof startOtlpReceiver>>;
let gateway: Production;
let operations: Awaited<ReturnType<typeof writePersisted>>;

beforeAll(async () => {
  collector = await startOtlpReceiver();
  operations = await writePersisted({ [idOf(persisted)]: persisted });
  gateway = await startProduction({
    PERSISTED_OPERATIONS: operations.file,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=a%20key',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test%20bed',
    OTEL_BSP_SCHEDULE_DELAY: '20',
  });
});

afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await operations?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
});

/** The header of a router that has begun a trace. */
function startTrace(flags: '00' | '01' = '01') {
  const [traceId, parentId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, parentId, headers: { traceparent: `00-${traceId}-${parentId}-${flags}` } };
}

async function send(address: string, body: object, headers: Record<string, string> = {}): Promise<unknown> {
  const response = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: gateway.key.authorization, ...headers },
    body: JSON.stringify(body),
  });
  return response.json();
}

/** The single span with a name. */
function named(spans: ReceivedSpan[], name: string): ReceivedSpan {
  const [span, ...others] = spans.filter((each) => each.name === name);
  if (!span || others.length > 0) expect.fail(`${others.length + 1} spans ${name}: ${JSON.stringify(spans, null, 1)}`);
  return span;
}

const hasRoot = (spans: ReceivedSpan[]) => spans.some(({ kind }) => kind === SERVER);

it('exports a request as nested spans, and continues the trace of a router', async () => {
  const { traceId, parentId, headers } = startTrace();
  const body = { documentId: idOf(persisted), variables: { uid: personal.uid } };
  expect(await send(gateway.address, body, headers)).toEqual({ data: { user: null } });
  const spans = await collector.trace(traceId, hasRoot);

  const http = named(spans, 'POST /graphql');
  expect(http).toMatchObject({ kind: SERVER, parentSpanId: parentId, status: {} });
  expect(http.attributes).toEqual({
    'http.request.method': 'POST',
    'http.route': '/graphql',
    'http.response.status_code': 200,
    'url.scheme': 'http',
    'usergraph.workspace.id': gateway.workspaceId,
  });
  const query = named(spans, 'query');
  expect(query.parentSpanId).toBe(http.spanId);
  expect(query.attributes).toMatchObject({
    'graphql.operation.type': 'query',
    'graphql.operation.name': 'UserByUid',
    'graphql.document.hash': idOf(persisted),
    'usergraph.operation.cost': expect.any(Number),
  });
  const batch = named(spans, 'batch users');
  expect(batch).toMatchObject({ parentSpanId: query.spanId, links: [] });
  expect(batch.attributes).toEqual({ 'usergraph.batch.name': 'users', 'usergraph.batch.size': 1 });
  const statement = named(spans, 'readUsers');
  expect(statement).toMatchObject({ kind: CLIENT, parentSpanId: batch.spanId });
  expect(statement.attributes).toEqual({ 'db.system.name': 'postgresql', 'db.operation.name': 'readUsers' });
  expect(http.resource).toMatchObject({
    'service.name': 'usergraph',
    'deployment.environment.name': 'test bed',
  });
  expect(collector.headers[0]).toMatchObject({ path: '/v1/traces', 'x-collector-key': 'a key' });
});

it('adds the id of a sampled trace to the log lines of its request only', async () => {
  const [sampled, unsampled] = [startTrace(), startTrace('00')];
  await send(gateway.address, { query: '{ __typename }' }, { ...sampled.headers, 'x-request-id': 'sampled' });
  await send(gateway.address, { query: '{ __typename }' }, { ...unsampled.headers, 'x-request-id': 'unsampled' });
  const lines = await waitUntil(() => {
    const all = logLines(gateway, 'POST /graphql 200').filter((line) =>
      /sampled$/.test(String(Reflect.get(line, 'requestId'))),
    );
    expect(all).toHaveLength(2);
    return all;
  });
  expect(lines[0]).toMatchObject({ requestId: 'sampled', trace_id: sampled.traceId });
  expect(lines[1]).not.toHaveProperty('trace_id');
  await collector.trace(sampled.traceId, hasRoot);
  expect(collector.spans().filter(({ traceId }) => traceId === unsampled.traceId)).toEqual([]);
});

it('links a batch with the other requests that it serves', async () => {
  const query = 'query($uid: String!) { user(uid: $uid) { uid } }';
  const isShared = ({ attributes, links }: ReceivedSpan) =>
    attributes['usergraph.batch.name'] === 'users' && links.length > 0;
  const shared = await waitUntil(async () => {
    const requests = Array.from({ length: 20 }, (_, index) =>
      send(gateway.address, { query, variables: { uid: `${personal.uid}x${index}` } }, startTrace().headers),
    );
    await Promise.all(requests);
    const found = collector.spans().find(isShared);
    if (!found) throw new Error('No requests shared a batch.');
    return found;
  });
  expect(shared.attributes['usergraph.batch.size']).toBe(shared.links.length + 1);
  for (const link of shared.links) {
    const spans = await collector.trace(link.traceId, hasRoot);
    const operation = named(spans, 'query');
    expect(operation.spanId).toBe(link.spanId);
    expect(operation.traceId).not.toBe(shared.traceId);
    expect(operation.links).toEqual([{ traceId: shared.traceId, spanId: shared.spanId }]);
  }
  const own = await collector.trace(shared.traceId, hasRoot);
  expect(named(own, 'readUsers').parentSpanId).toBe(shared.spanId);
  expect(named(own, 'query').spanId).toBe(shared.parentSpanId);
});

it('names a REST request by its route', async () => {
  const get = async (path: string) => {
    const { traceId, headers } = startTrace();
    await fetch(gateway.address + path, { headers: { authorization: gateway.key.authorization, ...headers } });
    return collector.trace(traceId, hasRoot);
  };
  const spans = await get(`/v1/users/${personal.uid}`);
  expect(named(spans, 'GET /v1/users/:uid').attributes['http.response.status_code']).toBe(404);
  expect(spans.filter(({ kind }) => kind === CLIENT).map(({ name }) => name)).toEqual(['readUsers']);
  named(await get(`/v1/users/${personal.uid}?email=${personal.email}`), 'GET /v1/users/:uid');
  named(await get(`/${personal.uid}/${personal.email}`), 'GET');
});

it('records the SQLSTATE of a failed statement, and its error without personal data', async () => {
  await gateway.db.pool.query(`
    CREATE FUNCTION reject_user() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'rejected %', NEW; END $$;
    CREATE TRIGGER reject_user BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION reject_user()`);
  const { traceId, headers } = startTrace();
  const query = `mutation ${personal.operationName} { createUser(input: {
    uid: "${personal.uid}", email: "${personal.email}", firstName: "${personal.firstName}" }) { __typename ... on ValidationError { issues { path message } } } }`;
  const answer = await send(gateway.address, { query }, { ...headers, 'x-request-id': personal.requestId });
  await gateway.db.pool.query('DROP TRIGGER reject_user ON users');
  expect(answer).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] });
  const spans = await collector.trace(traceId, hasRoot);
  const failed = spans.filter(({ attributes }) => attributes['db.response.status_code'] === 'P0001');
  expect(failed.length).toBeGreaterThan(0);
  expect(failed[0]).toMatchObject({
    kind: CLIENT,
    status: { code: ERROR },
    attributes: { 'error.type': 'P0001' },
    events: [{ name: 'exception', attributes: { 'exception.message': 'An exception was raised by SQL.' } }],
  });
  const mutation = named(spans, 'mutation');
  expect(mutation).toMatchObject({ status: { code: ERROR }, attributes: { 'error.type': 'INTERNAL_SERVER_ERROR' } });
  expect(mutation.attributes).not.toHaveProperty('graphql.operation.name');
});

it('exports steps of jobs that found work as traces of their own', async () => {
  const jobs = await waitUntil(() => {
    const found = collector.spans().filter(({ name }) => name === 'job delete-old-changes');
    expect(found.length).toBeGreaterThan(0);
    return found;
  });
  expect(jobs[0]).not.toHaveProperty('parentSpanId');
  const spans = collector.spans();
  const withoutWork = spans.filter(({ attributes }) => attributes['usergraph.job.has_worked'] === false);
  expect(withoutWork).toEqual([]);
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const statements = spans.filter(({ kind }) => kind === CLIENT);
  // No statement of a step that was dropped is left.
  expect(statements.filter(({ parentSpanId }) => !ids.has(parentSpanId ?? ''))).toEqual([]);
});

it('exports neither values nor names that callers choose', async () => {
  const { traceId, headers } = startTrace();
  const variables = { input: { uid: personal.uid, name: personal.event, properties: { note: personal.firstName } } };
  const query = `mutation ${personal.operationName}($input: AddEventInput!) { addEvent(input: $input) { __typename } }`;
  await send(gateway.address, { query, variables, operationName: personal.operationName }, headers);
  await collector.trace(traceId, hasRoot);
  const raw = collector.raw();
  expect(raw).toContain('insertEvents');
  expect(Object.values(personal).filter((text) => raw.includes(text))).toEqual([]);
  expect(raw).not.toContain('SELECT');
  expect(raw).not.toContain(gateway.key.secret);
  expect(raw).not.toContain(gateway.key.publicKey);
});

const startReporting = (environment: Record<string, string>): Promise<GatewayProcess> =>
  startGateway({ NODE_ENV: 'production', DATABASE_URL: gateway.databaseUrl, ...environment }, reportingModules);

const ping = { query: '{ __typename }' };
const pong = { data: { __typename: 'Query' } };

it('exports what is left on SIGTERM', async () => {
  await using own = await startReporting({
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.endpoint}/own/path`,
    OTEL_BSP_SCHEDULE_DELAY: '60000',
    OTEL_SERVICE_NAME: 'users',
  });
  const { traceId, headers } = startTrace();
  expect(await send(own.address, ping, headers)).toEqual(pong);
  expect(collector.spans().some((span) => span.traceId === traceId)).toBe(false);
  expect(await own.end('SIGTERM')).toBe(0);
  const [span] = await collector.trace(traceId, hasRoot);
  expect(span?.resource['service.name']).toBe('users');
  expect(collector.headers.at(-1)?.path).toBe('/own/path');
  expect(own.output()).toContain('@opentelemetry');
});

it('serves requests while no collector is reachable, and logs that once', async () => {
  await using own = await startReporting({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePorts(1)}`,
    OTEL_EXPORTER_OTLP_TIMEOUT: '200',
    OTEL_BSP_SCHEDULE_DELAY: '20',
  });
  const isLogged = () => expect(logLines(own, 'cannot export traces')).toHaveLength(1);
  expect(await send(own.address, ping, startTrace().headers)).toEqual(pong);
  await waitUntil(isLogged);
  expect(await send(own.address, ping, startTrace().headers)).toEqual(pong);
  expect(await own.end('SIGTERM')).toBe(0);
  isLogged();
});

it('warns once about values that it does not support, and continues in JSON', async () => {
  await using own = await startReporting({
    WORKERS: '2',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
    OTEL_TRACES_EXPORTER: 'otlp,console',
    OTEL_TRACES_SAMPLER: 'jaeger_remote',
    OTEL_BSP_SCHEDULE_DELAY: '20',
  });
  const warnings = [
    'OTEL_TRACES_EXPORTER: must be otlp or none; got "otlp,console"; using otlp',
    'OTEL_TRACES_SAMPLER',
  ];
  for (const warning of warnings) expect(logLines(own, warning)).toMatchObject([{ level: 40 }]);
  expect(logLines(own, 'OTEL_')).toHaveLength(2);
  const { traceId, headers } = startTrace();
  expect(await send(own.address, ping, headers)).toEqual(pong);
  await collector.trace(traceId, hasRoot);
  const types = collector.headers.map((each) => each['content-type']);
  expect(types).toEqual(expect.arrayContaining(['application/x-protobuf', 'application/json']));
});

it('does not log the headers of exports, even if the collector repeats them', async () => {
  const repeating = createHttpServer((request, response) => {
    response.writeHead(401, request.rawHeaders.join(' ')).end(request.rawHeaders.join(' '));
  });
  await using own = await startReporting({
    LOG_LEVEL: 'trace',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://user:endpointSecret@127.0.0.1:${await listenOnFreePort(repeating)}`,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=headerSecret',
    OTEL_BSP_SCHEDULE_DELAY: '20',
  });
  expect(await send(own.address, ping, startTrace().headers)).toEqual(pong);
  await waitUntil(() => expect(logLines(own, 'cannot export traces')).toMatchObject([{ status: 401 }]));
  expect(await own.end('SIGTERM')).toBe(0);
  repeating.close();
  expect(own.output()).not.toMatch(/endpointSecret|headerSecret|ZW5kcG9pbnRTZWNyZXQ/);
});

it('stops in time while the collector does not respond', async () => {
  const silent = createServer();
  const own = await startReporting({
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await listenOnFreePort(silent)}`,
    OTEL_EXPORTER_OTLP_TIMEOUT: '60000',
    OTEL_BSP_SCHEDULE_DELAY: '60000',
  });
  expect(await send(own.address, ping, startTrace().headers)).toEqual(pong);
  // A process that has not stopped after 10 s exits with 1.
  expect(await own.end('SIGTERM')).toBe(0);
  silent.close();
});
