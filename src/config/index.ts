import { z } from 'zod';
import type { TokenSettings } from '../auth/tokens.ts';
import { checkLimits, type Limits, limitsOf, limitVariables } from './limits.ts';
import { checkTokens, tokensOf, tokenVariables } from './tokens.ts';
import { flag, origins, pointsAMinute, proxies, whole } from './values.ts';

const variables = z.object({
  PORT: whole(0, 65_535).default(4000),
  HOST: z.string().min(1).default('127.0.0.1'),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'must be like postgres://user:password@host:5432/database' })
    .optional(),
  DATA_DIR: z.string().min(1).default('.data'),
  POOL_SIZE: whole(1, 1000).default(10),
  PREPARED_STATEMENTS: flag.default(true),
  WORKERS: whole(1, 64).default(1),
  DRAIN_MS: whole(0, 60_000).optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  CORS_ORIGINS: origins.default([]),
  RATE_LIMIT: pointsAMinute.optional(),
  RATE_LIMIT_PUBLIC: pointsAMinute.optional(),
  RATE_LIMIT_STORE: z.enum(['memory', 'postgres']).default('memory'),
  CONCURRENCY_LIMIT: whole(0, 100_000).optional(),
  AUTH_FAILURE_LIMIT: whole(0, 1_000_000).default(30),
  IN_FLIGHT_LIMIT: whole(0, 100_000).default(500),
  TRUST_PROXY: proxies.default([]),
  ...tokenVariables,
  ...limitVariables,
  GRAPHIQL: flag.optional(),
  PERSISTED_OPERATIONS: z.string().min(1).optional(),
  PERSISTED_OPERATIONS_ONLY: flag.default(false),
  NODE_ENV: z.string().optional(),
});

/** What cannot be told of a variable by itself. */
const environment = variables.superRefine(
  (data, context) => {
    const fault = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message });
    checkTokens(data, fault);
    checkLimits(data, fault);
    const { PERSISTED_OPERATIONS, PERSISTED_OPERATIONS_ONLY: only, GRAPHIQL } = data;
    if (only && !PERSISTED_OPERATIONS) fault('PERSISTED_OPERATIONS', 'must be set where only those are answered');
    if (only && GRAPHIQL) fault('GRAPHIQL', 'cannot be on where only persisted operations are answered');
  },
  { when: () => true },
);

type Variables = z.output<typeof variables>;

/** Points a minute for a key with its secret, and for a public key alone. */
const DEFAULT_RATE_LIMITS = [60_000, 6_000] as const;

/** Requests of a key that are answered at once. */
const DEFAULT_CONCURRENCY_LIMIT = 100;

/** Long enough for a load balancer that asks every second. */
const DEFAULT_DRAIN_MS = 2_000;

/** What the environment says, checked and with its defaults. Documented for people in docs/configuration.md. */
export interface Config {
  /** TCP port to listen on; 0 takes a free one. */
  port: number;
  host: string;
  /** Undefined: the embedded PostgreSQL under `dataDirectory`. */
  databaseUrl: string | undefined;
  dataDirectory: string;
  /** Connections to the database at the most, of each process that serves. */
  poolSize: number;
  /** False where a pooler before the database cannot keep prepared statements. */
  preparedStatements: boolean;
  /** Processes that serve. 1: this one; more: children of this one, which then only starts and replaces them. */
  workers: number;
  /** How long in ms a gateway that is to stop goes on serving, while it says that it is not ready. */
  drainMs: number;
  logLevel: Variables['LOG_LEVEL'];
  /** Origins that browsers may call from. Empty: none but the gateway's own. */
  corsOrigins: string[];
  /** Points a minute for each key; 0: no limit. None by default on the embedded database. */
  rateLimits: { secret: number; publicKey: number };
  /** How much a request may ask for, and how long it may take. */
  limits: Limits;
  /** Where points are counted: in each gateway's memory, or in the database for all that share it. */
  rateLimitStore: 'memory' | 'postgres';
  /** Requests of a key at once, none by default on the embedded database; wrong credentials a minute; 0: no limit. */
  admissionLimits: { concurrentRequests: number; failedLogins: number };
  /** Requests at the most that a process answers at once; 0: no limit. */
  inFlightLimit: number;
  /** Addresses and networks of the proxies that are believed about a caller's address. */
  trustProxy: string[];
  /** Which tokens are let in, and the names of their claims. Undefined: none. */
  tokens: TokenSettings | undefined;
  /**
   * Whether GraphiQL is served, and to whom: anybody, or, under `NODE_ENV=production`, those who may read the schema. The
   * demo data are for anybody. Default: to anybody, but not in production, nor where only persisted operations are answered.
   */
  graphiql: GraphiQLFor;
  /** The file of the operations that may be asked for by an id, and whether no others are answered. Undefined: none. */
  persistedOperations: { file: string; only: boolean } | undefined;
}

/** Every fault of the environment at once, a line each. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * Reads the configuration; an empty variable counts as unset.
 * @throws {ConfigError} naming every variable that is wrong.
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(set);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(`The environment is not right:\n${faults.join('\n')}`);
  }
  const { data } = parsed;
  const file = data.PERSISTED_OPERATIONS;
  const isEmbedded = data.DATABASE_URL === undefined;
  const [secret, publicKey] = isEmbedded ? [0, 0] : DEFAULT_RATE_LIMITS;
  return {
    port: data.PORT,
    host: data.HOST,
    databaseUrl: data.DATABASE_URL,
    dataDirectory: data.DATA_DIR,
    poolSize: data.POOL_SIZE,
    preparedStatements: data.PREPARED_STATEMENTS,
    workers: data.WORKERS,
    drainMs: data.DRAIN_MS ?? (isEmbedded ? 0 : DEFAULT_DRAIN_MS),
    logLevel: data.LOG_LEVEL,
    corsOrigins: data.CORS_ORIGINS,
    rateLimits: { secret: data.RATE_LIMIT ?? secret, publicKey: data.RATE_LIMIT_PUBLIC ?? publicKey },
    limits: limitsOf(data),
    rateLimitStore: data.RATE_LIMIT_STORE,
    admissionLimits: {
      concurrentRequests: data.CONCURRENCY_LIMIT ?? (isEmbedded ? 0 : DEFAULT_CONCURRENCY_LIMIT),
      failedLogins: data.AUTH_FAILURE_LIMIT,
    },
    inFlightLimit: data.IN_FLIGHT_LIMIT,
    trustProxy: data.TRUST_PROXY,
    tokens: tokensOf(data),
    graphiql: graphiqlFor(data),
    persistedOperations: file === undefined ? undefined : { file, only: data.PERSISTED_OPERATIONS_ONLY },
  };
}

/** Whom GraphiQL is served to: nobody, anybody, or those alone who may read the schema. */
export type GraphiQLFor = false | 'anybody' | 'schemaReaders';

/** The variables that it depends on. */
interface GraphiQLVariables {
  GRAPHIQL?: boolean | undefined;
  NODE_ENV?: string | undefined;
  DATABASE_URL?: string | undefined;
  PERSISTED_OPERATIONS_ONLY: boolean;
}

/** Whom checked variables serve GraphiQL to. */
export function graphiqlFor({ GRAPHIQL, NODE_ENV, DATABASE_URL, ...data }: GraphiQLVariables): GraphiQLFor {
  const inProduction = NODE_ENV === 'production';
  if (!(GRAPHIQL ?? !(inProduction || data.PERSISTED_OPERATIONS_ONLY))) return false;
  return inProduction && DATABASE_URL !== undefined ? 'schemaReaders' : 'anybody';
}
