import { z } from 'zod';
import type { DatabaseTimeouts } from '../db/timeouts.ts';
import type { GraphQLLimits } from '../graphql/checks/limits.ts';
import type { HttpLimits } from '../http/server.ts';
import { wholeNumber } from './values.ts';

const count = wholeNumber(1, 1_000_000_000);
/** Bytes, up to 4 GB; 0: no cache. */
const cacheBytes = wholeNumber(0, 4 * 1024 ** 3);
/** Milliseconds, up to one hour. */
const milliseconds = wholeNumber(1, 3_600_000);

/** The variables that set limits. docs/limits.md explains each figure. */
export const limitVariables = {
  LIMIT_BODY_BYTES: count.default(1024 * 1024),
  LIMIT_DOCUMENT_CHARACTERS: count.default(64 * 1024),
  LIMIT_TOKENS: count.default(2_000),
  LIMIT_DEPTH: count.default(12),
  LIMIT_ALIASES: count.default(30),
  LIMIT_ROOT_FIELDS: count.default(20),
  LIMIT_DIRECTIVES: count.default(9),
  LIMIT_COMPLEXITY: count.default(1_000),
  LIMIT_NODES: count.default(100),
  LIMIT_ENTITIES: count.default(500),
  LIMIT_INPUT_ITEMS: count.default(250),
  LIMIT_BULK_USERS: count.default(500),
  LIMIT_BULK_EVENTS: count.default(1_000),
  LIMIT_BULK_SUBSCRIPTIONS: count.default(1_000),
  LIMIT_BULK_BODY_BYTES: count.default(4 * 1024 * 1024),
  LIMIT_IMPORT_BYTES: wholeNumber(1, 1024 ** 4).default(5 * 1024 ** 3),
  LIMIT_FILTER_DEPTH: count.default(6),
  LIMIT_FILTER_CONDITIONS: count.default(50),
  LIMIT_FILTER_VALUES: count.default(250),
  LIMIT_DOCUMENT_CACHE_BYTES: cacheBytes.default(32 * 1024 ** 2),
  LIMIT_PERSISTED_QUERY_BYTES: cacheBytes.default(8 * 1024 ** 2),
  LIMIT_COMPILED_CACHE_BYTES: cacheBytes.default(32 * 1024 ** 2),
  LIMIT_DOCUMENT_MS: wholeNumber(0, 100_000).default(100),
  LIMIT_REQUEST_MS: milliseconds.default(10_000),
  LIMIT_STATEMENT_MS: milliseconds.default(5_000),
  LIMIT_LOCK_MS: milliseconds.default(2_000),
  LIMIT_POOL_WAIT_MS: milliseconds.default(5_000),
  LIMIT_USER_QUEUE_MS: milliseconds.default(8_000),
  LIMIT_COUNT_MS: milliseconds.default(1_000),
  LIMIT_HEADERS_MS: milliseconds.default(15_000),
  LIMIT_ARRIVAL_MS: milliseconds.default(30_000),
  LIMIT_KEEP_ALIVE_MS: milliseconds.default(65_000),
  LIMIT_ANSWER_BYTES: count.default(10 * 1024 * 1024),
  LIMIT_UNSENT_BYTES: count.default(128 * 1024 * 1024),
  LIMIT_WRITE_MS: milliseconds.default(30_000),
};

const variables = z.object(limitVariables);

/** Size and time limits of requests. */
export type Limits = GraphQLLimits & HttpLimits & DatabaseTimeouts;

type LimitVariables = z.output<typeof variables>;

/** Node's HTTP server rejects a header timeout that exceeds the request timeout. */
export function checkLimits(
  { LIMIT_HEADERS_MS, LIMIT_ARRIVAL_MS }: LimitVariables,
  report: (name: string, message: string) => void,
): void {
  if (LIMIT_HEADERS_MS <= LIMIT_ARRIVAL_MS) return;
  report('LIMIT_HEADERS_MS', `must not exceed LIMIT_ARRIVAL_MS (${LIMIT_ARRIVAL_MS})`);
}

/** Converts validated variables. */
export function toLimits(data: LimitVariables): Limits {
  return {
    bodyBytes: data.LIMIT_BODY_BYTES,
    documentCharacters: data.LIMIT_DOCUMENT_CHARACTERS,
    tokens: data.LIMIT_TOKENS,
    depth: data.LIMIT_DEPTH,
    aliases: data.LIMIT_ALIASES,
    rootFields: data.LIMIT_ROOT_FIELDS,
    directives: data.LIMIT_DIRECTIVES,
    complexity: data.LIMIT_COMPLEXITY,
    nodes: data.LIMIT_NODES,
    entities: data.LIMIT_ENTITIES,
    inputItems: data.LIMIT_INPUT_ITEMS,
    bulkUsers: data.LIMIT_BULK_USERS,
    bulkEvents: data.LIMIT_BULK_EVENTS,
    bulkSubscriptions: data.LIMIT_BULK_SUBSCRIPTIONS,
    bulkBodyBytes: data.LIMIT_BULK_BODY_BYTES,
    importBytes: data.LIMIT_IMPORT_BYTES,
    filterDepth: data.LIMIT_FILTER_DEPTH,
    filterConditions: data.LIMIT_FILTER_CONDITIONS,
    filterValues: data.LIMIT_FILTER_VALUES,
    documentCacheBytes: data.LIMIT_DOCUMENT_CACHE_BYTES,
    persistedQueryBytes: data.LIMIT_PERSISTED_QUERY_BYTES,
    compiledCacheBytes: data.LIMIT_COMPILED_CACHE_BYTES,
    documentMs: data.LIMIT_DOCUMENT_MS,
    requestMs: data.LIMIT_REQUEST_MS,
    statementMs: data.LIMIT_STATEMENT_MS,
    lockMs: data.LIMIT_LOCK_MS,
    poolWaitMs: data.LIMIT_POOL_WAIT_MS,
    userQueueMs: data.LIMIT_USER_QUEUE_MS,
    countMs: data.LIMIT_COUNT_MS,
    headersMs: data.LIMIT_HEADERS_MS,
    arrivalMs: data.LIMIT_ARRIVAL_MS,
    keepAliveMs: data.LIMIT_KEEP_ALIVE_MS,
    responseBytes: data.LIMIT_ANSWER_BYTES,
    unsentBytes: data.LIMIT_UNSENT_BYTES,
    writeMs: data.LIMIT_WRITE_MS,
  };
}

/** The default limits. */
export const defaultLimits: Limits = toLimits(variables.parse({}));
