import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { createSecureContext } from 'node:tls';
import type { TracingSettings } from '../telemetry/tracing.ts';
import { type Environment, MAX_INTEGER, OtelVariables, parseNames, parsePairs } from './otel-variables.ts';

/** What the variables of the OpenTelemetry specification say about traces. */
export interface TracingConfig {
  /** Undefined: traces are off. */
  settings: TracingSettings | undefined;
  /** One line for each value that is not used. */
  warnings: string[];
  /** One line for each value that prevents the start. They contain no values. */
  errors: string[];
}

/** Where collectors listen by default. */
const DEFAULT_ENDPOINT = new URL('http://localhost:4318');

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

const PROPAGATORS = ['tracecontext', 'baggage', 'none'];

/**
 * Reads the variables of the OpenTelemetry specification that concern traces. Traces are off if neither an exporter nor an endpoint is
 * set, or if they are disabled: then only `OTEL_TRACES_EXPORTER` is checked. docs/observability.md lists the variables.
 */
export function readTracing(env: Environment): TracingConfig {
  const variables = new OtelVariables(env);
  const { warnings, errors } = variables;
  if (!readIsOn(env, variables)) return { settings: undefined, warnings, errors };
  warnUnsupported(env, variables);
  const settings = {
    ...readDestination(variables),
    batches: readBatches(variables),
    spanLimits: readSpanLimits(variables),
    sampling: readSampling(variables),
    continuesTraces: readPropagators(variables).includes('tracecontext'),
    resource: readResource(env, variables),
  };
  return { settings, warnings, errors };
}

/** Both names of an option of the exporter. That of traces takes precedence. */
const exporterNames = (option: string) => [`OTEL_EXPORTER_OTLP_TRACES_${option}`, `OTEL_EXPORTER_OTLP_${option}`];

function readIsOn(env: Environment, variables: OtelVariables): boolean {
  const { OTEL_SDK_DISABLED: disabled, OTEL_TRACES_EXPORTER: exporter } = env;
  if (disabled?.trim().toLowerCase() === 'true') return false;
  const names = parseNames(exporter ?? '');
  const isOn =
    names.length === 0 ? exporterNames('ENDPOINT').some((name) => variables.has(name)) : names.includes('otlp');
  if (exporter !== undefined && names.some((name) => name !== 'otlp') && names.join() !== 'none') {
    variables.warn('OTEL_TRACES_EXPORTER', 'must be otlp or none', exporter, isOn ? 'otlp' : 'none');
  }
  if (isOn) variables.oneOf(['OTEL_SDK_DISABLED'], ['true', 'false'], 'false');
  return isOn;
}

/** Warns about options of the specification that have no equivalent here. */
function warnUnsupported(env: Environment, variables: OtelVariables): void {
  for (const name of ['OTEL_CONFIG_FILE', 'OTEL_EXPERIMENTAL_CONFIG_FILE', 'OTEL_ENTITIES']) {
    const text = env[name];
    if (text !== undefined) variables.warn(name, 'is not supported', text, 'the other variables');
  }
  for (const name of exporterNames('INSECURE')) {
    const text = env[name];
    if (text?.trim().toLowerCase() !== 'true') continue;
    variables.warn(name, 'concerns grpc, which is not supported', text, 'the scheme of the endpoint');
  }
}

/** Where and how spans are posted. */
function readDestination(variables: OtelVariables) {
  const url = readUrl(variables);
  return {
    url: url.href,
    headers: readHeaders(variables),
    protocol: variables.oneOf(
      exporterNames('PROTOCOL'),
      ['http/protobuf', 'http/json'],
      'http/protobuf',
      ', for which collectors listen on port 4318',
    ),
    compression: variables.oneOf(exporterNames('COMPRESSION'), ['none', 'gzip'], 'none'),
    timeoutMs: readTimeout(variables, exporterNames('TIMEOUT'), 10_000),
    tls: url.protocol === 'https:' ? readTls(variables) : {},
  } as const;
}

/** An invalid URL prevents the start, so that nothing is sent to another collector. */
function readUrl(variables: OtelVariables): URL {
  const rule = 'must be an http or https URL such as http://collector:4318';
  const parse = (text: string) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    return url && /^https?:$/.test(url.protocol) ? url : undefined;
  };
  const [ownName = '', baseName = ''] = exporterNames('ENDPOINT');
  if (variables.has(ownName)) return variables.require(ownName, parse, rule) ?? DEFAULT_ENDPOINT;
  const url = new URL(variables.require(baseName, parse, rule) ?? DEFAULT_ENDPOINT);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url;
}

/** Invalid headers prevent the start: they can select a tenant of the collector. */
function readHeaders(variables: OtelVariables): Record<string, string> {
  const rule = 'must be a list of headers such as key=value,other=value, with percent-encoded values';
  const [own, base] = exporterNames('HEADERS').map((name) => variables.require(name, parseHeaders, rule));
  return { ...base, ...own };
}

/** @returns the headers by their names in lower case. */
function parseHeaders(text: string): Record<string, string> | undefined {
  const pairs = parsePairs(text);
  if (!pairs) return undefined;
  const headers = Object.entries(pairs);
  try {
    for (const [name, value] of headers) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
  } catch {
    return undefined;
  }
  return Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
}

/** Invalid files prevent the start: without them, another server could be trusted. */
function readTls(variables: OtelVariables): TracingSettings['tls'] {
  const rule = 'must be the path of a readable file in PEM format';
  const nameOf = (option: string) => exporterNames(option).find((each) => variables.has(each));
  const read = (option: string, check: (pem: string) => unknown, suffix = '') => {
    const name = nameOf(option);
    if (name === undefined) return undefined;
    const parse = (file: string) => {
      try {
        const pem = readFileSync(file, 'utf8');
        check(pem);
        return pem;
      } catch {
        return undefined;
      }
    };
    return variables.require(name, parse, rule + suffix);
  };
  const ca = read('CERTIFICATE', (pem) => new X509Certificate(pem));
  const cert = read('CLIENT_CERTIFICATE', (pem) => new X509Certificate(pem));
  const key = read('CLIENT_KEY', (pem) => createSecureContext({ key: pem, cert }), ', with the key of the certificate');
  if ((nameOf('CLIENT_CERTIFICATE') === undefined) !== (nameOf('CLIENT_KEY') === undefined)) {
    variables.errors.push(
      'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY: must be set together',
    );
  }
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

/** A timeout in ms. 0: none. */
function readTimeout(variables: OtelVariables, names: readonly string[], fallback: number): number {
  return variables.integer(names, 0, fallback) || MAX_INTEGER;
}

function readBatches(variables: OtelVariables): TracingSettings['batches'] {
  const maxQueueSize = variables.integer(['OTEL_BSP_MAX_QUEUE_SIZE'], 1, 2_048);
  const name = 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE';
  const size = variables.integer([name], 1, Math.min(512, maxQueueSize));
  if (size > maxQueueSize) {
    variables.warn(name, 'must be at most OTEL_BSP_MAX_QUEUE_SIZE', String(size), String(maxQueueSize));
  }
  return {
    scheduledDelayMillis: variables.integer(['OTEL_BSP_SCHEDULE_DELAY'], 0, 5_000),
    exportTimeoutMillis: readTimeout(variables, ['OTEL_BSP_EXPORT_TIMEOUT'], 30_000),
    maxQueueSize,
    maxExportBatchSize: Math.min(size, maxQueueSize),
  };
}

/** The limits of spans take precedence over those of all attributes. */
function readSpanLimits(variables: OtelVariables): TracingSettings['spanLimits'] {
  const count = (name: string) => variables.integer([`OTEL_${name}_COUNT_LIMIT`], 0, 128);
  const attributes = count('ATTRIBUTE');
  const attributeCount = (name: string) => variables.integer([`OTEL_${name}_ATTRIBUTE_COUNT_LIMIT`], 0, attributes);
  const lengthNames = ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'];
  const show = (limit: number) => (Number.isFinite(limit) ? String(limit) : 'no limit');
  return {
    attributeValueLengthLimit: variables.integer(lengthNames, 1, Number.POSITIVE_INFINITY, show),
    attributeCountLimit: attributeCount('SPAN'),
    eventCountLimit: count('SPAN_EVENT'),
    linkCountLimit: count('SPAN_LINK'),
    attributePerEventCountLimit: attributeCount('EVENT'),
    attributePerLinkCountLimit: attributeCount('LINK'),
  };
}

function readSampling(variables: OtelVariables): TracingSettings['sampling'] {
  const sampler = variables.oneOf(['OTEL_TRACES_SAMPLER'], SAMPLERS, 'parentbased_always_on');
  const followsParent = sampler.startsWith('parentbased_');
  if (sampler.endsWith('always_on')) return { ratio: 1, followsParent };
  if (sampler.endsWith('always_off')) return { ratio: 0, followsParent };
  const ratio = variables.read(['OTEL_TRACES_SAMPLER_ARG'], {
    parse: (text) => (/^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number(text) <= 1 ? Number(text) : undefined),
    rule: 'must be a number from 0 to 1',
    default: 1,
  });
  return { ratio, followsParent };
}

/** The supported ones of the propagators. If there is none, no trace is continued. */
function readPropagators(variables: OtelVariables): string[] {
  const name = 'OTEL_PROPAGATORS';
  const names = variables.read([name], {
    parse: parseNames,
    rule: 'must be a list of names',
    default: ['tracecontext', 'baggage'],
  });
  const supported = names.filter((each) => PROPAGATORS.includes(each));
  if (supported.length < names.length) {
    const rule = `must be a comma-separated list of ${PROPAGATORS.join(', ')}`;
    variables.warn(name, rule, names.join(), supported.join() || 'none');
  }
  return supported;
}

/** Attributes that cannot be parsed are discarded together, as the specification says. */
function readResource(env: Environment, variables: OtelVariables): Record<string, string> {
  const attributes = variables.read<Record<string, string>>(['OTEL_RESOURCE_ATTRIBUTES'], {
    parse: parsePairs,
    rule: 'must be a list such as key=value,other=value, with percent-encoded values',
    default: {},
    show: () => 'no attributes',
  });
  const { OTEL_SERVICE_NAME: name } = env;
  return { 'service.name': 'usergraph', ...attributes, ...(name !== undefined && { 'service.name': name }) };
}
