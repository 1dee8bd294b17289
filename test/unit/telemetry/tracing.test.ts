import { spawnSync } from 'node:child_process';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseError } from 'pg';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { readConfig } from '../../../src/config/index.ts';
import { startTracing } from '../../../src/telemetry/tracing.ts';
import type { Tracer } from '../../../src/telemetry/work.ts';
import { checkInstalled } from '../../kit/installed.ts';
import { startOtlpReceiver } from '../../kit/otlp-receiver.ts';

const log = pino({ level: 'silent' });

function startTracer(environment: Record<string, string>): Tracer {
  const { tracing } = readConfig({ OTEL_TRACES_EXPORTER: 'otlp', ...environment });
  if (!tracing) throw new Error('Traces are off.');
  return startTracing(tracing, log);
}

/** Traces a request. @returns whether it is sampled. */
function trace(tracer: Tracer, headers: Record<string, string> = {}): boolean {
  const span = tracer.startRequest({ method: 'GET', route: '/x', scheme: 'http', headers });
  if (span) tracer.endRequest(span, { status: 200, isComplete: true, error: undefined, workspaceId: undefined });
  return span !== undefined;
}

const parent = (flags: string) => ({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-${flags}` });

it.each<[Record<string, string>, { own: boolean; sampled: boolean; unsampled: boolean }]>([
  [{}, { own: true, sampled: true, unsampled: false }],
  [{ OTEL_TRACES_SAMPLER: 'always_off' }, { own: false, sampled: false, unsampled: false }],
  [{ OTEL_TRACES_SAMPLER: 'always_on' }, { own: true, sampled: true, unsampled: true }],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, { own: false, sampled: true, unsampled: false }],
  [
    { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' },
    { own: false, sampled: true, unsampled: false },
  ],
  [
    { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.0' },
    { own: false, sampled: false, unsampled: false },
  ],
  [{ OTEL_PROPAGATORS: 'none' }, { own: true, sampled: true, unsampled: true }],
])('samples with %o', async (environment, expected) => {
  await using collector = await startOtlpReceiver();
  const tracer = startTracer({ ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
  const [own, sampled, unsampled] = [trace(tracer), trace(tracer, parent('01')), trace(tracer, parent('00'))];
  expect({ own, sampled, unsampled }).toEqual(expected);
  await tracer.stop();
  expect(collector.spans()).toHaveLength([own, sampled, unsampled].filter(Boolean).length);
});

it.each<[string, string, Record<string, string>]>([
  ['application/x-protobuf', 'identity', {}],
  ['application/json', 'identity', { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }],
  ['application/x-protobuf', 'gzip', { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }],
  [
    'application/json',
    'gzip',
    { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'gzip' },
  ],
])('exports %s, %s, with %o', async (type, encoding, environment) => {
  await using collector = await startOtlpReceiver();
  const tracer = startTracer({
    ...environment,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_RESOURCE_ATTRIBUTES: 'region=Zürich',
  });
  trace(tracer, parent('01'));
  await tracer.stop();
  expect(collector.headers).toHaveLength(1);
  const { 'content-type': received, 'content-encoding': compression = 'identity' } = collector.headers[0] ?? {};
  expect([received, compression]).toEqual([type, encoding]);
  expect(collector.spans()).toEqual([
    {
      traceId: 'a'.repeat(32),
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      parentSpanId: 'b'.repeat(16),
      name: 'GET /x',
      kind: 2,
      attributes: {
        'http.request.method': 'GET',
        'url.scheme': 'http',
        'http.route': '/x',
        'http.response.status_code': 200,
      },
      links: [],
      events: [],
      status: expect.anything(),
      resource: expect.objectContaining({ 'service.name': 'usergraph', region: 'Zürich' }),
    },
  ]);
});

it('limits attributes and batches', async () => {
  await using collector = await startOtlpReceiver();
  const tracer = startTracer({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_ATTRIBUTE_COUNT_LIMIT: '2',
    OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '3',
    OTEL_BSP_MAX_QUEUE_SIZE: '25',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10',
    OTEL_BSP_SCHEDULE_DELAY: '60000',
  });
  for (let count = 0; count < 9; count += 1) trace(tracer);
  await delay(20);
  expect(collector.headers).toEqual([]);
  for (let count = 0; count < 16; count += 1) trace(tracer);
  await tracer.stop();
  expect(collector.headers).toHaveLength(3);
  expect(collector.spans()).toHaveLength(25);
  expect(collector.spans()[0]?.attributes).toEqual({ 'http.request.method': 'GET', 'url.scheme': 'htt' });
});

it.each(['0', '1', '128'])(
  'exports steps of jobs that worked, and no others, with %s attributes at most',
  async (limit) => {
    await using collector = await startOtlpReceiver();
    const tracer = startTracer({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: limit,
    });
    for (const message of [
      { name: 'works', hasWorked: true },
      { name: 'idles' },
      { name: 'fails', error: new Error() },
    ]) {
      const span = tracer.startJob(message);
      if (!span) throw new Error('The job is not sampled.');
      const statement = { label: `statement of ${message.name}` };
      tracer.endStatement(tracer.startStatement(statement, span), statement);
      tracer.endJob(span, message);
    }
    await tracer.stop();
    const names = ['statement of works', 'job works', 'statement of fails', 'job fails'];
    expect(collector.spans().map(({ name }) => name)).toEqual(names);
  },
);

const OPENSSL =
  'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=collector -addext subjectAltName=IP:127.0.0.1';

it('exports with TLS and a certificate of its own', async ({ skip }) => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'usergraph-otlp-'));
  const [certFile, keyFile] = [join(directory.path, 'cert.pem'), join(directory.path, 'key.pem')];
  const made = spawnSync('openssl', [...OPENSSL.split(' '), '-keyout', keyFile, '-out', certFile]);
  if (!checkInstalled('openssl', made.status === 0)) skip('needs openssl');
  const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
  await using collector = await startOtlpReceiver(undefined, { cert, key, ca: cert, requestCert: true });
  const exportOne = async (environment: Record<string, string>) => {
    const tracer = startTracer({ ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
    trace(tracer);
    await tracer.stop();
    return collector.spans().length;
  };
  expect(await exportOne({})).toBe(0);
  const trusting = { OTEL_EXPORTER_OTLP_CERTIFICATE: certFile };
  expect(await exportOne(trusting)).toBe(0);
  const own = { OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: certFile, OTEL_EXPORTER_OTLP_CLIENT_KEY: keyFile };
  expect(await exportOne({ ...trusting, ...own })).toBe(1);
});

it('marks spans of statements with the SQLSTATE of an error of PostgreSQL, and with the class of others', async () => {
  await using collector = await startOtlpReceiver();
  const tracer = startTracer({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
  const request = tracer.startRequest({ method: 'GET', route: '/x', scheme: 'http', headers: {} });
  if (!request) throw new Error('The request is not sampled.');
  const terminated = Object.assign(new DatabaseError('terminating connection', 22, 'error'), { code: '57P01' });
  const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
  for (const error of [terminated, broken]) {
    const message = { label: 'readUsers', error };
    tracer.endStatement(tracer.startStatement(message, request), message);
  }
  await tracer.stop();
  const types = collector
    .spans()
    .map(({ attributes }) => [attributes['db.response.status_code'], attributes['error.type']]);
  expect(types).toEqual([
    ['57P01', '57P01'],
    [undefined, 'Error'],
  ]);
});

it('samples a ratio of the traces', () => {
  const sampler = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' };
  const tracer = startTracer({ ...sampler, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
  const sampled = Array.from({ length: 10_000 }, () => trace(tracer)).filter(Boolean).length;
  // Six standard deviations.
  expect(sampled).toBeGreaterThan(820);
  expect(sampled).toBeLessThan(1_180);
});

it('keeps a bounded number of spans while the collector does not respond', async () => {
  const { promise: ready, resolve: respond } = Promise.withResolvers<void>();
  await using collector = await startOtlpReceiver(ready);
  const tracer = startTracer({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_BSP_SCHEDULE_DELAY: '1' });
  for (let count = 0; count < 20_000; count += 1) trace(tracer);
  respond();
  await tracer.stop();
  // One export of 512 that waited, and a queue of 2,048.
  expect(collector.spans().length).toBeGreaterThan(512);
  expect(collector.spans().length).toBeLessThanOrEqual(2_560);
});
