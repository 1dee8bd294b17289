import { type ExecutionArgs, GraphQLError, getOperationAST, Kind, type SelectionSetNode } from 'graphql';
import { POINTS, RateLimitedError } from '../../http/limits/rate.ts';
import { fragmentsOf } from './fragments.ts';
import { cachePerOperation } from './operation-cache.ts';

/**
 * Rate-limit points of an operation in addition to the point of its request. A mutation with n root fields costs as much
 * as n requests with one root field each; queries and subscriptions cost nothing more.
 */
export const pointsOf = cachePerOperation((args) => {
  const operation = getOperationAST(args.document, args.operationName);
  if (operation?.operation !== 'mutation') return { points: 0 };
  const writes = rootResponseKeys(args, operation.selectionSet).size;
  return { points: writes * (POINTS.request + POINTS.write) - POINTS.request };
});

/**
 * Charges the points of an operation, whether or not it will succeed. `http/authentication.ts` has already charged the request.
 * @returns undefined if there is nothing to charge; otherwise a promise of the error, if too few points are left.
 */
export function chargeOperation(
  args: ExecutionArgs,
  charge: (points: number) => Promise<void>,
): Promise<GraphQLError | undefined> | undefined {
  const { points } = pointsOf(args);
  return points > 0 ? rateLimitError(charge(points)) : undefined;
}

async function rateLimitError(charging: Promise<void>): Promise<GraphQLError | undefined> {
  try {
    await charging;
    return undefined;
  } catch (error) {
    if (!(error instanceof RateLimitedError)) throw error;
    return rateLimited(error);
  }
}

/** The GraphQL error for an exceeded rate limit. */
export function rateLimited({ code, message, retryAfter }: RateLimitedError): GraphQLError {
  const http = { status: 429, headers: { 'retry-after': String(retryAfter) } };
  return new GraphQLError(message, { extensions: { code, retryAfter, http } });
}

/** The response keys of the root fields, including fields that `@skip` or `@include` exclude. */
function rootResponseKeys({ document }: ExecutionArgs, root: SelectionSetNode): Set<string> {
  const keys = new Set<string>();
  const visitedFragments = new Set<string>();
  const fragments = fragmentsOf(document);
  function collect({ selections }: SelectionSetNode): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) keys.add(selection.alias?.value ?? selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else collectFragment(selection.name.value);
    }
  }
  function collectFragment(name: string): void {
    if (visitedFragments.has(name)) return;
    visitedFragments.add(name);
    const fragment = fragments.get(name);
    if (fragment) collect(fragment.selectionSet);
  }
  collect(root);
  return keys;
}
