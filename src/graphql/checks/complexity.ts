import './extensions.ts';
import { type ExecutionArgs, type FieldNode, type FragmentDefinitionNode, type GraphQLError, type GraphQLField, type GraphQLObjectType, type GraphQLSchema, getNamedType, getNullableType, getOperationAST, type InlineFragmentNode, isAbstractType, isLeafType, isListType, isObjectType, Kind, type SelectionNode, type SelectionSetNode } from 'graphql';
import { cachePerOperation, type Fragments, fragmentsOf } from './operation-cache.ts';
import { type GivenVariables, given, itemsOf } from './argument-value.ts';
import { limitExceeded } from './limits.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../domain/shared/pagination.ts';

/** What a list that takes no size counts as: a user has 5 devices at the most, and seldom more than 10 lists. */
const PLAIN_LIST = 10;

/** Refuses an operation that costs more than the limit, before anything of it is executed. */
export function checkComplexity(complexity: number, limit: number): GraphQLError | undefined {
  if (complexity <= limit) return undefined;
  return limitExceeded(
    `The operation has a complexity of ${complexity}; the limit is ${limit}. Ask for smaller pages.`,
  );
}

/**
 * What an operation costs: about the number of rows that it reads if every page is full. docs/limits.md has the rule.
 * Counted once for each document, unless a variable says the size of anything.
 */
export function complexityOf(args: ExecutionArgs): number {
  const first = measureOnce(args);
  return first.varies ? measure(args).complexity : first.complexity;
}

const measureOnce = cachePerOperation(measure);

interface Measured {
  complexity: number;
  /** Whether another request with the same document may have another complexity. */
  varies: boolean;
}

/** What measuring needs to know of the operation, and learns of it. */
interface Measuring {
  schema: GraphQLSchema;
  variables: GivenVariables;
  fragments: Fragments;
  /** Costs of fragments, by name, type and page size: spread many times, each is walked once. */
  known: Map<string, number>;
  varies: boolean;
}

/** Where selections are: on a type, and on a page of a size where they are a connection's. */
interface Place {
  type: GraphQLObjectType;
  page?: number;
}

function measure({ schema, document, operationName, variableValues }: ExecutionArgs): Measured {
  const operation = getOperationAST(document, operationName);
  const type = operation && schema.getRootType(operation.operation);
  if (!operation || !type) return { complexity: 0, varies: false };
  const measuring: Measuring = {
    schema,
    variables: { values: variableValues ?? {}, definitions: operation.variableDefinitions ?? [] },
    fragments: fragmentsOf(document),
    known: new Map(),
    varies: false,
  };
  const complexity = Math.min(ofSelections(measuring, operation.selectionSet, { type }), Number.MAX_SAFE_INTEGER);
  return { complexity, varies: measuring.varies };
}

function ofSelections(measuring: Measuring, { selections }: SelectionSetNode, place: Place): number {
  return selections.reduce((cost, selection) => cost + ofSelection(measuring, selection, place), 0);
}

function ofSelection(measuring: Measuring, selection: SelectionNode, place: Place): number {
  if (selection.kind === Kind.FIELD) return ofField(measuring, selection, place);
  if (selection.kind === Kind.FRAGMENT_SPREAD) return ofSpread(measuring, selection.name.value, place);
  return ofFragment(measuring, selection, place);
}

function ofSpread(measuring: Measuring, name: string, place: Place): number {
  const { known, fragments } = measuring;
  const key = `${name} ${place.type.name} ${place.page}`;
  const fragment = fragments.get(name);
  const cost = known.get(key) ?? (fragment ? ofFragment(measuring, fragment, place) : 0);
  known.set(key, cost);
  return cost;
}

/** A fragment on a type that the object is not costs nothing. */
function ofFragment(
  measuring: Measuring,
  { typeCondition, selectionSet }: InlineFragmentNode | FragmentDefinitionNode,
  place: Place,
): number {
  const { schema } = measuring;
  const on = typeCondition && schema.getType(typeCondition.name.value);
  const applies = !on || on === place.type || (isAbstractType(on) && schema.isSubType(on, place.type));
  return applies ? ofSelections(measuring, selectionSet, place) : 0;
}

function ofField(measuring: Measuring, node: FieldNode, { type, page = PLAIN_LIST }: Place): number {
  // Introspection reads no row, and validation bounds it.
  const field = type.getFields()[node.name.value];
  if (!field) return 0;
  const own = ownCost(field);
  const { reads } = field.extensions;
  if (reads) return itemsOf(read(measuring, node, reads.argument)) * (own + beneath(measuring, node, field));
  if (field.args.some(({ name }) => name === 'first')) {
    const size = pageSize(read(measuring, node, 'first'), read(measuring, node, 'last'));
    return own + size + beneath(measuring, node, field, size);
  }
  const times = isListType(getNullableType(field.type)) ? page : 1;
  return own + times * beneath(measuring, node, field);
}

/** Of an object that may be of several types, what it costs as the dearest of them. */
function beneath(
  measuring: Measuring,
  { selectionSet }: FieldNode,
  field: GraphQLField<unknown, unknown>,
  page?: number,
): number {
  const type = getNamedType(field.type);
  if (!selectionSet || isLeafType(type)) return 0;
  const types = isAbstractType(type) ? measuring.schema.getPossibleTypes(type) : isObjectType(type) ? [type] : [];
  const place = page === undefined ? {} : { page };
  return Math.max(0, ...types.map((possible) => ofSelections(measuring, selectionSet, { type: possible, ...place })));
}

function read(measuring: Measuring, node: FieldNode, argument: string): unknown {
  const { value, varies } = given(node, argument, measuring.variables);
  measuring.varies ||= varies;
  return value;
}

/** An object costs 1, but for one that comes with its parent's row; a scalar nothing; unless the field says otherwise. */
export function ownCost({ type, extensions }: GraphQLField<unknown, unknown>): number {
  if (extensions.cost !== undefined) return extensions.cost;
  return isLeafType(getNamedType(type)) || 'pothosExposedField' in extensions ? 0 : 1;
}

/** The rows of a page, as its arguments ask for them; none where they are out of range, which the resolver refuses. */
export function pageSize(first: unknown, last: unknown): number {
  const size = first ?? last ?? DEFAULT_PAGE_SIZE;
  return typeof size === 'number' && size > 0 && size <= MAX_PAGE_SIZE ? size : 0;
}
