import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCommandConfig, readConfig } from '../../../src/config/index.ts';
import { readTracing } from '../../../src/config/tracing.ts';

const collector = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
const secureCollector = { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector:4318' };

const defaults = {
  url: 'http://localhost:4318/v1/traces',
  headers: {},
  protocol: 'http/protobuf',
  compression: 'none',
  timeoutMs: 10_000,
  tls: {},
  batches: {
    scheduledDelayMillis: 5_000,
    exportTimeoutMillis: 30_000,
    maxQueueSize: 2_048,
    maxExportBatchSize: 512,
  },
  spanLimits: {
    attributeValueLengthLimit: Number.POSITIVE_INFINITY,
    attributeCountLimit: 128,
    eventCountLimit: 128,
    linkCountLimit: 128,
    attributePerEventCountLimit: 128,
    attributePerLinkCountLimit: 128,
  },
  sampling: { ratio: 1, followsParent: true },
  continuesTraces: true,
  resource: { 'service.name': 'usergraph' },
};

const read = (environment: Record<string, string>) => readConfig({ ...collector, ...environment });

it('exports traces if an exporter or an endpoint is set', () => {
  expect(readConfig({ OTEL_TRACES_EXPORTER: 'otlp' })).toMatchObject({ tracing: defaults, warnings: [] });
  expect(readConfig({ OTEL_TRACES_EXPORTER: 'otlp' }).tracing).toEqual(defaults);
  const own = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example/own' };
  expect(read({}).tracing?.url).toBe('http://collector:4318/v1/traces');
  expect(read(own).tracing?.url).toBe('https://traces.example/own');
  // The general endpoint is that of other signals then.
  expect(read({ ...own, OTEL_EXPORTER_OTLP_ENDPOINT: 'other' }).tracing?.url).toBe('https://traces.example/own');
  expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c/base/?a=b' }).tracing?.url).toBe('http://c/base/v1/traces?a=b');
});

/** A value of each variable that is invalid or not supported. */
const unusable = {
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'collector:4317',
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'authorization',
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
  OTEL_TRACES_SAMPLER: 'jaeger_remote',
  OTEL_PROPAGATORS: 'b3',
  OTEL_BSP_SCHEDULE_DELAY: '5s',
  OTEL_CONFIG_FILE: '/etc/otel.yaml',
};

it.each([
  [{ OTEL_SDK_DISABLED: 'TRUE' }],
  [{ OTEL_TRACES_EXPORTER: 'none' }],
  [{ OTEL_TRACES_EXPORTER: 'None', OTEL_SDK_DISABLED: 'yes' }],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '' }],
])('checks nothing while traces are off: %o', (environment) => {
  expect(readConfig({ ...unusable, ...environment })).toMatchObject({ tracing: undefined, warnings: [] });
});

it('ignores variables of other signals', () => {
  const { warnings } = read({
    OTEL_METRICS_EXPORTER: 'console,prometheus',
    OTEL_LOGS_EXPORTER: 'x',
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'x',
    OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'grpc',
    OTEL_METRIC_EXPORT_INTERVAL: 'x',
    OTEL_BLRP_SCHEDULE_DELAY: 'x',
    OTEL_LOG_LEVEL: 'x',
    OTEL_EXPORTER_ZIPKIN_ENDPOINT: 'x',
  });
  expect(warnings).toEqual([]);
});

it('reads the settings of traces', () => {
  const { tracing, warnings } = read({
    OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20x, a=b=c',
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'authorization=Bearer%20y',
    OTEL_EXPORTER_OTLP_TIMEOUT: '700',
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '500',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'HTTP/JSON',
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_EXPORTER_OTLP_CERTIFICATE: '/is/not/used/without/tls',
    OTEL_EXPORTER_OTLP_INSECURE: 'false',
    OTEL_BSP_SCHEDULE_DELAY: '0',
    OTEL_BSP_EXPORT_TIMEOUT: '0',
    OTEL_BSP_MAX_QUEUE_SIZE: '100',
    OTEL_TRACES_SAMPLER: 'traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '1e-2',
    OTEL_PROPAGATORS: 'baggage',
    OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=production,a%2Cb=c%3Dd',
    OTEL_SERVICE_NAME: 'users',
    OTEL_ATTRIBUTE_COUNT_LIMIT: '20',
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '1000',
    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '10',
    OTEL_SPAN_EVENT_COUNT_LIMIT: '0',
    OTEL_SPAN_LINK_COUNT_LIMIT: '5',
    OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: '1',
  });
  expect(warnings).toEqual([]);
  expect(tracing).toEqual({
    ...defaults,
    url: 'http://collector:4318/v1/traces',
    headers: { authorization: 'Bearer y', a: 'b=c' },
    protocol: 'http/json',
    compression: 'gzip',
    timeoutMs: 500,
    batches: {
      scheduledDelayMillis: 0,
      exportTimeoutMillis: 2 ** 31 - 1,
      maxQueueSize: 100,
      maxExportBatchSize: 100,
    },
    spanLimits: {
      attributeValueLengthLimit: 1_000,
      attributeCountLimit: 10,
      eventCountLimit: 0,
      linkCountLimit: 5,
      attributePerEventCountLimit: 20,
      attributePerLinkCountLimit: 1,
    },
    sampling: { ratio: 0.01, followsParent: false },
    continuesTraces: false,
    resource: {
      'service.name': 'users',
      'deployment.environment.name': 'production',
      'a,b': 'c=d',
    },
  });
});

it.each<[Record<string, string>, string]>([
  [{ OTEL_SDK_DISABLED: 'yes' }, 'OTEL_SDK_DISABLED: must be one of true, false; got "yes"; using false'],
  [
    { OTEL_TRACES_EXPORTER: 'otlp,console' },
    'OTEL_TRACES_EXPORTER: must be otlp or none; got "otlp,console"; using otlp',
  ],
  [
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    'OTEL_EXPORTER_OTLP_PROTOCOL: must be one of http/protobuf, http/json; got "grpc"; using http/protobuf, for which collectors listen on port 4318',
  ],
  [
    { OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'zstd', OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' },
    'OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: must be one of none, gzip; got "zstd"; using gzip',
  ],
  [
    { OTEL_EXPORTER_OTLP_TIMEOUT: '10s' },
    'OTEL_EXPORTER_OTLP_TIMEOUT: must be an integer from 0 to 2147483647; got "10s"; using 10000',
  ],
  [
    { OTEL_EXPORTER_OTLP_INSECURE: 'true' },
    'OTEL_EXPORTER_OTLP_INSECURE: concerns grpc, which is not supported; got "true"; using the scheme of the endpoint',
  ],
  [
    { OTEL_RESOURCE_ATTRIBUTES: 'a=b,key=%zz' },
    'OTEL_RESOURCE_ATTRIBUTES: must be a list such as key=value,other=value, with percent-encoded values; got "a=b,key=%zz"; using no attributes',
  ],
  [
    { OTEL_TRACES_SAMPLER: 'jaeger_remote', OTEL_TRACES_SAMPLER_ARG: 'endpoint=http://localhost:14250' },
    'OTEL_TRACES_SAMPLER: must be one of always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio; got "jaeger_remote"; using parentbased_always_on',
  ],
  [
    { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '1.5' },
    'OTEL_TRACES_SAMPLER_ARG: must be a number from 0 to 1; got "1.5"; using 1',
  ],
  [
    { OTEL_PROPAGATORS: 'tracecontext,b3' },
    'OTEL_PROPAGATORS: must be a comma-separated list of tracecontext, baggage, none; got "tracecontext,b3"; using tracecontext',
  ],
  [
    { OTEL_BSP_SCHEDULE_DELAY: '-1' },
    'OTEL_BSP_SCHEDULE_DELAY: must be an integer from 0 to 2147483647; got "-1"; using 5000',
  ],
  [
    { OTEL_BSP_MAX_QUEUE_SIZE: '0' },
    'OTEL_BSP_MAX_QUEUE_SIZE: must be an integer from 1 to 2147483647; got "0"; using 2048',
  ],
  [
    { OTEL_BSP_MAX_QUEUE_SIZE: '100', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '200' },
    'OTEL_BSP_MAX_EXPORT_BATCH_SIZE: must be at most OTEL_BSP_MAX_QUEUE_SIZE; got "200"; using 100',
  ],
  [
    { OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: 'x' },
    'OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: must be an integer from 1 to 2147483647; got "x"; using no limit',
  ],
  [
    { OTEL_CONFIG_FILE: '/etc/otel.yaml' },
    'OTEL_CONFIG_FILE: is not supported; got "/etc/otel.yaml"; using the other variables',
  ],
])('warns once about %o, and starts', (environment, warning) => {
  const { tracing, warnings } = read(environment);
  expect(warnings).toEqual([warning]);
  expect(tracing).toBeDefined();
});

it.each(['zipkin', 'console', 'oltp'])('exports nothing to %s, with a warning', (exporter) => {
  const { tracing, warnings } = read({ OTEL_TRACES_EXPORTER: exporter });
  expect(tracing).toBeUndefined();
  expect(warnings).toEqual([`OTEL_TRACES_EXPORTER: must be otlp or none; got "${exporter}"; using none`]);
});

it('trusts no traceparent if only other propagators are listed', () => {
  const { tracing, warnings } = read({ OTEL_PROPAGATORS: 'b3multi,xray' });
  expect(tracing?.continuesTraces).toBe(false);
  expect(warnings).toHaveLength(1);
});

it.each([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'otel:4318'],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'grpc://otel:4317'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'authorization'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'x-key=line%0Abreak'],
  ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'x%20key=secret'],
])('does not start with %s=%s, and does not repeat it', (name, value) => {
  expect(() => read({ [name]: value })).toThrow(`${name}: must be`);
  expect(() => read({ [name]: value })).not.toThrow(value);
});

it('checks nothing for commands', () => {
  expect(readCommandConfig({ ...unusable, PORT: '1' })).toMatchObject({ port: 1, tracing: undefined, warnings: [] });
});

it('reports errors of all variables together', () => {
  const message = /^Invalid configuration:\n {2}PORT: .*\n {2}OTEL_EXPORTER_OTLP_ENDPOINT: /;
  expect(() => read({ PORT: 'x', OTEL_EXPORTER_OTLP_ENDPOINT: 'x' })).toThrow(message);
});

it('docs/observability.md lists all variables, and no others', () => {
  const names = new Set<string>();
  const environment: Record<string, string> = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector:4318',
    OTEL_TRACES_SAMPLER: 'traceidratio',
  };
  const get = (_: object, name: string) => {
    names.add(name);
    return environment[name];
  };
  readTracing(new Proxy({}, { get }));
  const [, section = ''] = readFileSync('docs/observability.md', 'utf8').split('### Variables\n');
  const cells = [...section.matchAll(/^\| ([^|]+)\|([^|]+)\|/gm)].map(([, name, fallback]) => `${name} ${fallback}`);
  const listed = cells.flatMap((text) => text.match(/OTEL_[A-Z_]+/g) ?? []);
  expect(listed.toSorted()).toEqual([...names].toSorted());
});

let directory: string;
const file = (name: string, content: string) => {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'usergraph-tracing-'));
});

afterAll(() => rm(directory, { recursive: true }));

it('reads certificates, and does not start without them', () => {
  const [pem = ''] = rootCertificates;
  const secure = (environment: Record<string, string>) =>
    readConfig({ ...secureCollector, ...environment }).tracing?.tls;
  expect(secure({ OTEL_EXPORTER_OTLP_CERTIFICATE: file('ca.pem', pem) })).toEqual({ ca: pem });
  const own = { OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: file('own.pem', `${pem}\n`) };
  expect(secure({ OTEL_EXPORTER_OTLP_CERTIFICATE: '/no/such/file', ...own })).toEqual({ ca: `${pem}\n` });
  for (const name of ['CERTIFICATE', 'CLIENT_CERTIFICATE', 'CLIENT_KEY']) {
    const variable = `OTEL_EXPORTER_OTLP_${name}`;
    const message = `${variable}: must be the path of a readable file in PEM format`;
    expect(() => secure({ [variable]: '/no/such/file' })).toThrow(message);
    expect(() => secure({ [variable]: file('invalid.pem', 'text') })).toThrow(message);
  }
});

it('does not start with a client certificate without its key, or with another key', () => {
  const [pem = ''] = rootCertificates;
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = { OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: file('client.pem', pem) };
  const key = { OTEL_EXPORTER_OTLP_CLIENT_KEY: file('client.key', privateKey) };
  for (const half of [certificate, key]) {
    expect(() => readConfig({ ...secureCollector, ...half })).toThrow('must be set together');
    // Also beside another fault.
    const faults = { ...half, OTEL_EXPORTER_OTLP_CERTIFICATE: '/no/such/file' };
    expect(() => readConfig({ ...secureCollector, ...faults })).toThrow(
      /_CERTIFICATE: must be .* must be set together/s,
    );
  }
  expect(() => readConfig({ ...secureCollector, ...certificate, ...key })).toThrow('with the key of the certificate');
});
