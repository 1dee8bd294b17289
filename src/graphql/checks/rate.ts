import {
  type ExecutionArgs,
  type FieldNode,
  GraphQLError,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { POINTS, RateLimitedError } from '../../http/limits/rate.ts';
import { argumentAt, itemsOf } from './argument-value.ts';
import { fragmentsOf } from './fragments.ts';
import { cachePerOperation } from './operation-cache.ts';

/**
 * Rate-limit points of an operation in addition to the point of its request. A mutation with n root fields costs as much
 * as n requests with one root field each; a bulk mutation costs a write for each of its inputs, and at least one. Queries
 * and subscriptions cost nothing more.
 */
export function pointsOf(args: ExecutionArgs): number {
  const { points, bulkFields, operation } = fixedPointsOf(args);
  return bulkFields.reduce((sum, field) => sum + (itemsWrittenBy(args, operation, field) - 1) * POINTS.write, points);
}

/** The points that do not depend on the variables, with a bulk mutation as one write. */
const fixedPointsOf = cachePerOperation((args) => {
  const operation = getOperationAST(args.document, args.operationName) ?? undefined;
  if (operation?.operation !== 'mutation') return { points: 0, bulkFields: [], operation };
  const fields = [...rootFields(args, operation.selectionSet).values()];
  const bulkFields = fields.filter((field) => pathOfWrites(args, field) !== undefined);
  return { points: fields.length * (POINTS.request + POINTS.write) - POINTS.request, bulkFields, operation };
});

/** Whether an operation contains a bulk mutation. */
export const isBulk = (args: ExecutionArgs): boolean => fixedPointsOf(args).bulkFields.length > 0;

const pathOfWrites = ({ schema }: ExecutionArgs, { name }: FieldNode) =>
  schema.getMutationType()?.getFields()[name.value]?.extensions.writes;

/** The number of inputs of a bulk mutation, at least 1. */
function itemsWrittenBy(args: ExecutionArgs, operation: OperationDefinitionNode | undefined, field: FieldNode): number {
  const variables = { values: args.variableValues ?? {}, definitions: operation?.variableDefinitions ?? [] };
  const { value } = argumentAt(field, pathOfWrites(args, field) ?? '', variables);
  return Math.max(itemsOf(value).length, 1);
}

/**
 * Charges the points of an operation, whether or not it will succeed. `http/authentication.ts` has already charged the request.
 * @returns undefined if there is nothing to charge; otherwise a promise of the error, if too few points are left.
 */
export function chargeOperation(
  args: ExecutionArgs,
  charge: (points: number) => Promise<void> | undefined,
): Promise<GraphQLError | undefined> | undefined {
  const points = pointsOf(args);
  const charging = points > 0 ? charge(points) : undefined;
  return charging && rateLimitError(charging);
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

/** The root fields by response key, including fields that `@skip` or `@include` exclude. */
function rootFields({ document }: ExecutionArgs, root: SelectionSetNode): Map<string, FieldNode> {
  const fields = new Map<string, FieldNode>();
  const visitedFragments = new Set<string>();
  const fragments = fragmentsOf(document);
  function collect({ selections }: SelectionSetNode): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) fields.set(selection.alias?.value ?? selection.name.value, selection);
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
  return fields;
}
