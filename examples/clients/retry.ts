// When to send a request again, for every client.
import type { GraphQLFormattedError } from 'graphql';

/** How often a request is sent at most. */
export const MAX_ATTEMPTS = 3;

/** If the gateway asks for a longer wait in seconds, such as until the next minute, the user sees the error at once. */
const MAX_RETRY_AFTER = 10;

/** The part of a request on which a retry depends. */
interface Request {
  isMutation: boolean;
  variables?: unknown;
}

/**
 * Returns the time in ms after which to send a request again; undefined if a retry is useless or unsafe. Expects documents
 * with one mutation at most.
 */
export function retryDelay(
  errors: readonly GraphQLFormattedError[] | undefined,
  { isMutation, variables }: Request,
): number | undefined {
  const { code, retryAfter } = errors?.[0]?.extensions ?? {};
  if (typeof retryAfter !== 'number' || retryAfter > MAX_RETRY_AFTER) return undefined;
  // RATE_LIMITED and CONFLICT changed nothing. A write that ended with SERVICE_UNAVAILABLE may have been committed.
  const isSafe = code !== 'SERVICE_UNAVAILABLE' || !isMutation || Object(variables).input?.idempotencyKey !== undefined;
  // A random part, since clients that were rejected together should not return together.
  return isSafe ? retryAfter * 1000 * (1 + Math.random() / 2) : undefined;
}
