import { z } from 'zod';
import type { TokenSettings } from '../auth/tokens.ts';
import type { TracingSettings } from '../telemetry/tracing.ts';
import { checkLimits, type Limits, limitVariables, toLimits } from './limits.ts';
import { checkTokens, tokenVariables, toTokenSettings } from './tokens.ts';
import { readTracing } from './tracing.ts';
import {
  flag,
  oneOf,
  origins,
  pointsPerMinute,
  postgresUrlList,
  postgresUrls,
  proxies,
  wholeNumber,
} from './values.ts';

/** A hundred years. */
const MAX_RETENTION_DAYS = 36_500;

const MAX_RETENTION_MONTHS = 1_200;

const variables = z.object({
  PORT: wholeNumber(0, 65_535).default(4000),
  HOST: z.string().min(1).default('127.0.0.1'),
  DATABASE_URL: postgresUrls.optional(),
  DATABASE_URLS: postgresUrlList.optional(),
  DATABASE_DIRECT_URL: postgresUrls.optional(),
  DATABASE_REPLICA_URLS: postgresUrlList.optional(),
  REPLICA_MAX_STALENESS_MS: wholeNumber(1_000, 300_000).default(5_000),
  DATABASE_WAIT_MS: wholeNumber(0, 3_600_000).default(30_000),
  DATA_DIR: z.string().min(1).default('.data'),
  POOL_SIZE: wholeNumber(1, 1000).default(10),
  PREPARED_STATEMENTS: flag.default(true),
  WORKERS: wholeNumber(1, 64).default(1),
  DRAIN_MS: wholeNumber(0, 60_000).optional(),
  LOG_LEVEL: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent').default('info'),
  CORS_ORIGINS: origins.default([]),
  RATE_LIMIT: pointsPerMinute.optional(),
  RATE_LIMIT_PUBLIC: pointsPerMinute.optional(),
  RATE_LIMIT_STORE: oneOf('memory', 'postgres').default('memory'),
  CONCURRENCY_LIMIT: wholeNumber(0, 100_000).optional(),
  AUTH_FAILURE_LIMIT: wholeNumber(0, 1_000_000).default(30),
  IN_FLIGHT_LIMIT: wholeNumber(0, 100_000).default(500),
  TRUST_PROXY: proxies.default([]),
  ...tokenVariables,
  ...limitVariables,
  SLOW_OPERATION_MS: wholeNumber(0, 3_600_000).default(1_000),
  CHANGE_LOG_DAYS: wholeNumber(1, MAX_RETENTION_DAYS).default(30),
  AUDIT_DAYS: wholeNumber(0, MAX_RETENTION_DAYS).default(0),
  EVENT_RETENTION_MONTHS: wholeNumber(0, MAX_RETENTION_MONTHS).default(0),
  METRICS_PORT: wholeNumber(0, 65_535).optional(),
  METRICS_HOST: z.string().min(1).default('127.0.0.1'),
  METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, { error: 'must have at least 16 characters, all visible ASCII' })
    .optional(),
  GRAPHIQL: flag.optional(),
  PERSISTED_OPERATIONS: z.string().min(1).optional(),
  PERSISTED_OPERATIONS_ONLY: flag.default(false),
  NODE_ENV: z.string().optional(),
});

/** Rules that concern several variables. They are checked even if single variables are invalid. */
const environment = variables.superRefine(
  (data, context) => {
    const report = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message });
    checkTokens(data, report);
    checkLimits(data, report);
    const { PORT, METRICS_PORT } = data;
    if (METRICS_PORT !== undefined && METRICS_PORT !== 0 && METRICS_PORT === PORT) {
      report('METRICS_PORT', 'must differ from PORT, which is public');
    }
    if (METRICS_PORT === undefined && data.METRICS_TOKEN !== undefined) {
      report('METRICS_PORT', 'must be set if METRICS_TOKEN is set');
    }
    const { PERSISTED_OPERATIONS, PERSISTED_OPERATIONS_ONLY: only, GRAPHIQL } = data;
    for (const name of ['DATABASE_DIRECT_URL', 'DATABASE_REPLICA_URLS'] as const) {
      if (data[name] && !data.DATABASE_URL && !data.DATABASE_URLS) {
        report('DATABASE_URL', `must be set if ${name} is`);
      }
    }
    if (data.DATABASE_URL && data.DATABASE_URLS) report('DATABASE_URLS', 'must not be set if DATABASE_URL is');
    if (only && !PERSISTED_OPERATIONS) report('PERSISTED_OPERATIONS', 'must be set if PERSISTED_OPERATIONS_ONLY is on');
    if (only && GRAPHIQL) report('GRAPHIQL', 'must be off if PERSISTED_OPERATIONS_ONLY is on');
  },
  { when: () => true },
);

type Variables = z.output<typeof variables>;

/** Points per minute. */
const DEFAULT_RATE_LIMITS = { secret: 60_000, publicKey: 6_000 };
const NO_RATE_LIMITS = { secret: 0, publicKey: 0 };

/** Concurrent requests per key. */
const DEFAULT_CONCURRENCY_LIMIT = 100;

/** Long enough for a load balancer that probes readiness every second. */
const DEFAULT_DRAIN_MS = 2_000;

/** The validated configuration with its defaults. docs/configuration.md documents the variables. */
export interface Config {
  /** TCP port to listen on; 0: any free port. */
  port: number;
  host: string;
  /** The servers of the database: one, or a primary and its standbys. Undefined: the embedded PostgreSQL in `dataDirectory`. */
  databaseUrls: string[] | undefined;
  /** The variable that names them, for messages. */
  databaseVariable: 'DATABASE_URL' | 'DATABASE_URLS';
  /** The same database without a connection pooler, for what needs a session; by default, `databaseUrls`. */
  databaseDirectUrls: string[] | undefined;
  /** Standbys that serve reads, and how old in ms what they return may be. Undefined: all reads use the primary. */
  replicas: { urls: string[]; maxStalenessMs: number } | undefined;
  /** How long in ms to wait on startup for the servers of `databaseUrls`, if they are unreachable. */
  databaseWaitMs: number;
  dataDirectory: string;
  /** Maximum database connections of each serving process. */
  poolSize: number;
  /** False if a connection pooler in front of the database does not support prepared statements. */
  preparedStatements: boolean;
  /** Number of serving processes. 1: this process; more: child processes, which this process starts and replaces. */
  workers: number;
  /** How long in ms to keep serving after SIGTERM, while readiness reports 503. */
  drainMs: number;
  logLevel: Variables['LOG_LEVEL'];
  /** Allowed CORS origins. Empty: same origin only. */
  corsOrigins: string[];
  /** Points per minute for each key; 0: no limit, which is the default with the embedded database. */
  rateLimits: { secret: number; publicKey: number };
  /** Size and time limits of requests. */
  limits: Limits;
  /** Where points are counted: in the memory of each gateway, or in the database for all gateways that share it. */
  rateLimitStore: 'memory' | 'postgres';
  /**
   * Concurrent requests per key (no limit by default with the embedded database), and failed logins per minute and
   * address; 0: no limit.
   */
  admissionLimits: { concurrentRequests: number; failedLogins: number };
  /** Maximum in-flight requests of a process; 0: no limit. */
  inFlightLimit: number;
  /** Addresses and networks of the proxies whose `X-Forwarded-For` is trusted. */
  trustProxy: string[];
  /** Settings of token authentication. Undefined: tokens are rejected. */
  tokens: TokenSettings | undefined;
  /** For how many days changes are kept: those that usergraph computes, and those that callers make (0: for ever). */
  retention: { logDays: number; auditDays: number };
  /** Partitions of events that are older than this many months are dropped; 0: none. */
  eventRetentionMonths: number;
  /** Where metrics are served, and the token that scrapers send, if any. Undefined: no metrics are collected. */
  metrics: MetricsSettings | undefined;
  graphiql: GraphiQLAccess;
  /** The file of persisted operations, and whether all other operations are rejected. Undefined: no persisted operations. */
  persistedOperations: { file: string; only: boolean } | undefined;
  /** Undefined: no traces. */
  tracing: TracingSettings | undefined;
  /** One line for each variable whose value is ignored, to be logged on startup. */
  warnings: string[];
  /** Requests that take at least this many ms of work are logged as slow; 0: none. */
  slowOperationMs: number;
}

/** The listener of the metrics endpoint. */
export interface MetricsSettings {
  /** 0: any free port. */
  port: number;
  host: string;
  token: string | undefined;
}

/** Invalid environment variables. The message has one line for each. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * Reads the configuration from environment variables. An empty variable counts as unset.
 * @throws {ConfigError} naming all invalid variables.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const { data, tracing } = parseVariables(env);
  const file = data.PERSISTED_OPERATIONS;
  const urls = data.DATABASE_URL ?? data.DATABASE_URLS;
  const isEmbedded = urls === undefined;
  const rateLimits = isEmbedded ? NO_RATE_LIMITS : DEFAULT_RATE_LIMITS;
  return {
    port: data.PORT,
    host: data.HOST,
    databaseUrls: urls,
    databaseVariable: data.DATABASE_URLS ? 'DATABASE_URLS' : 'DATABASE_URL',
    databaseDirectUrls: data.DATABASE_DIRECT_URL ?? urls,
    replicas: data.DATABASE_REPLICA_URLS && {
      urls: data.DATABASE_REPLICA_URLS,
      maxStalenessMs: data.REPLICA_MAX_STALENESS_MS,
    },
    databaseWaitMs: data.DATABASE_WAIT_MS,
    dataDirectory: data.DATA_DIR,
    poolSize: data.POOL_SIZE,
    preparedStatements: data.PREPARED_STATEMENTS,
    workers: data.WORKERS,
    drainMs: data.DRAIN_MS ?? (isEmbedded ? 0 : DEFAULT_DRAIN_MS),
    logLevel: data.LOG_LEVEL,
    corsOrigins: data.CORS_ORIGINS,
    rateLimits: {
      secret: data.RATE_LIMIT ?? rateLimits.secret,
      publicKey: data.RATE_LIMIT_PUBLIC ?? rateLimits.publicKey,
    },
    limits: toLimits(data),
    rateLimitStore: data.RATE_LIMIT_STORE,
    admissionLimits: {
      concurrentRequests: data.CONCURRENCY_LIMIT ?? (isEmbedded ? 0 : DEFAULT_CONCURRENCY_LIMIT),
      failedLogins: data.AUTH_FAILURE_LIMIT,
    },
    inFlightLimit: data.IN_FLIGHT_LIMIT,
    trustProxy: data.TRUST_PROXY,
    tokens: toTokenSettings(data),
    retention: { logDays: data.CHANGE_LOG_DAYS, auditDays: data.AUDIT_DAYS },
    eventRetentionMonths: data.EVENT_RETENTION_MONTHS,
    metrics: metricsSettings(data),
    graphiql: graphiqlAccess(data, isEmbedded),
    persistedOperations: file === undefined ? undefined : { file, only: data.PERSISTED_OPERATIONS_ONLY },
    tracing: tracing.settings,
    warnings: tracing.warnings,
    slowOperationMs: data.SLOW_OPERATION_MS,
  };
}

/** @throws {ConfigError} naming all invalid variables. */
function parseVariables(env: Readonly<Record<string, string | undefined>>) {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(set);
  const tracing = readTracing(set);
  const issues = parsed.error?.issues ?? [];
  const lines = issues.map(({ path, message }) => describeIssue(String(path[0]), message, set)).concat(tracing.errors);
  if (parsed.success && lines.length === 0) return { data: parsed.data, tracing };
  throw new ConfigError(`Invalid configuration:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

/** Like `readConfig`, for commands: they export no traces, and may run without the certificates of the exporter. */
export const readCommandConfig: typeof readConfig = (env) => readConfig({ ...env, OTEL_SDK_DISABLED: 'true' });

/** Variables whose values are not repeated in error messages: they contain passwords or secrets. */
const SECRET_VARIABLES = new Set([
  'DATABASE_URL',
  'DATABASE_URLS',
  'DATABASE_DIRECT_URL',
  'DATABASE_REPLICA_URLS',
  'JWT_SECRET',
  'METRICS_TOKEN',
]);

function metricsSettings({ METRICS_PORT: port, METRICS_HOST: host, METRICS_TOKEN: token }: Variables) {
  return port === undefined ? undefined : { port, host, token };
}

function describeIssue(name: string, message: string, values: Readonly<Record<string, string | undefined>>): string {
  const value = values[name];
  if (value === undefined || SECRET_VARIABLES.has(name)) return `${name}: ${message}`;
  return `${name}: ${message}; got ${JSON.stringify(value)}`;
}

/** Who can open GraphiQL: nobody, anybody, or only callers with the scope `schema:read`. */
export type GraphiQLAccess = false | 'anybody' | 'schemaReaders';

interface GraphiQLVariables {
  GRAPHIQL?: boolean | undefined;
  NODE_ENV?: string | undefined;
  PERSISTED_OPERATIONS_ONLY: boolean;
}

/**
 * By default anybody can open GraphiQL, except in production and if only persisted operations are allowed. If it is
 * enabled in production, it requires `schema:read`, unless the gateway serves the embedded demo data.
 */
function graphiqlAccess({ GRAPHIQL, NODE_ENV, ...data }: GraphiQLVariables, isEmbedded: boolean): GraphiQLAccess {
  const inProduction = NODE_ENV === 'production';
  const isEnabled = GRAPHIQL ?? !(inProduction || data.PERSISTED_OPERATIONS_ONLY);
  if (!isEnabled) return false;
  return inProduction && !isEmbedded ? 'schemaReaders' : 'anybody';
}
