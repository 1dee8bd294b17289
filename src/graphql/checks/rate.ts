import { type ExecutionArgs, GraphQLError, getOperationAST, Kind, type SelectionSetNode } from 'graphql';
import { POINTS, RateLimitedError } from '../../http/limits/rate.ts';
import { cachePerOperation } from './operation-cache.ts';
import { fragmentsOf } from './operation-cache.ts';

/** Points of a mutation beyond its request's one: as much as its fields would have cost, each in a request of its own. */
export const pointsOf = cachePerOperation((args) => {
  const operation = getOperationAST(args.document, args.operationName);
  if (operation?.operation !== 'mutation') return { points: 0 };
  const writes = rootFields(args, operation.selectionSet).size;
  return { points: writes * (POINTS.request + POINTS.write) - POINTS.request };
});

/**
 * Takes a mutation's points, whether it will succeed or not; the door has taken the request's one already. Refuses it
 * where there are too few left.
 * @returns nothing where there is nothing to wait for: for any other operation.
 */
export function chargeMutation(
  args: ExecutionArgs,
  charge: (points: number) => Promise<void>,
): Promise<GraphQLError | undefined> | undefined {
  const { points } = pointsOf(args);
  return points > 0 ? refusalOf(charge(points)) : undefined;
}

async function refusalOf(charged: Promise<void>): Promise<GraphQLError | undefined> {
  try {
    await charged;
    return undefined;
  } catch (error) {
    if (!(error instanceof RateLimitedError)) throw error;
    return rateLimited(error);
  }
}

/** A rejection for a rate limit, as GraphQL answers it. */
export function rateLimited({ code, message, retryAfter }: RateLimitedError): GraphQLError {
  const http = { status: 429, headers: { 'retry-after': String(retryAfter) } };
  return new GraphQLError(message, { extensions: { code, retryAfter, http } });
}

/** The names under which an operation's answer has its fields, those that are skipped included. */
function rootFields({ document }: ExecutionArgs, root: SelectionSetNode): Set<string> {
  const names = new Set<string>();
  const spread = new Set<string>();
  const fragments = fragmentsOf(document);
  function collect({ selections }: SelectionSetNode): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) names.add(selection.alias?.value ?? selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else spreadOnce(selection.name.value);
    }
  }
  function spreadOnce(name: string): void {
    if (spread.has(name)) return;
    spread.add(name);
    const fragment = fragments.get(name);
    if (fragment) collect(fragment.selectionSet);
  }
  collect(root);
  return names;
}
