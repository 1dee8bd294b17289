import {
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  getOperationAST,
  type InlineFragmentNode,
  isLeafType,
  isListType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { attributeLimits, MAX_DEVICE_TOKEN_LENGTH, metaLimits } from '../../domain/shared/limits.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../domain/shared/pagination.ts';
import { MAX_EXPORT_CHARACTERS } from '../../domain/transfer/export-user.ts';
import { costOfQuery } from '../../domain/users/filter/size.ts';
import { argumentAt, argumentValue, itemsOf, type RawVariables } from './argument-value.ts';
import { conditionApplies, type Fragments, fragmentsOf, objectTypesOf } from './fragments.ts';
import { limitExceeded } from './limits.ts';
import { cachePerOperation } from './operation-cache.ts';

/** What executing an operation takes at most. */
interface Estimate {
  /**
   * Approximately the number of rows that the operation reads if every page is full. docs/limits.md defines it. An object
   * whose id or representation is repeated is read once, and counts once.
   */
  complexity: number;
  /** The same, with a repeated object counted each time: it is returned at each position. */
  objects: number;
}

/** How many times its complexity limit an operation may return in objects, by repeating ids or representations. */
const MAX_REPETITION = 10;

/** Checks an operation against the complexity limit. */
export function checkComplexity({ complexity, objects }: Estimate, limit: number): GraphQLError | undefined {
  if (complexity > limit) {
    return limitExceeded(
      `The operation has a complexity of ${complexity}; the limit is ${limit}. Request smaller pages.`,
    );
  }
  const maxObjects = limit * MAX_REPETITION;
  if (objects <= maxObjects) return undefined;
  return limitExceeded(
    `The operation returns up to ${objects} objects; the limit is ${maxObjects}. Send each id or representation once.`,
  );
}

/** Estimates an operation: once per operation, unless a variable determines the size of a page or a list. */
export function estimate(args: ExecutionArgs): Estimate {
  const first = measureOnce(args);
  const rows = first.dependsOnVariables ? measure(args, ROWS) : first;
  return { complexity: rows.total, objects: rows.hasRepeats ? measure(args, OBJECTS).total : rows.total };
}

const measureOnce = cachePerOperation((args) => measure(args, ROWS));

/**
 * An upper bound of the bytes of an operation's data, from the limits of the values that it selects. Lists without a page size
 * can exceed it: those of a user who is on more than 100 lists.
 */
export function maxDataBytes(args: ExecutionArgs): number {
  const first = measureBytesOnce(args);
  return first.dependsOnVariables ? measure(args, BYTES).total : first.total;
}

const measureBytesOnce = cachePerOperation((args) => measure(args, BYTES));

/** A quantity that is summed over the fields of an operation. */
interface Measure {
  /** The amount of a field, without its selections. */
  ofField(field: GraphQLField<unknown, unknown>, node: FieldNode): number;
  /** The amount of each row of a page. */
  ofRow: number;
  /** Whether the conditions of filters count. */
  countsConditions: boolean;
  /** Assumed length of a list without a page size. */
  unpagedLength: number;
  /** Whether an object counts again each time its id or representation is repeated. */
  countsRepeats: boolean;
}

/** Rows that are read. A user has up to 5 devices and rarely more than 10 lists. */
const ROWS: Measure = {
  ofField: fieldCost,
  ofRow: 1,
  countsConditions: true,
  unpagedLength: 10,
  countsRepeats: false,
};

/** Objects that are returned. */
const OBJECTS: Measure = { ...ROWS, countsRepeats: true };

/** Bytes of the data. */
const BYTES: Measure = {
  ofField: fieldBytes,
  ofRow: 0,
  countsConditions: false,
  unpagedLength: 100,
  countsRepeats: true,
};

interface Measurement {
  total: number;
  /** Whether another request with the same document can have another total. */
  dependsOnVariables: boolean;
  /** Whether an id or representation is repeated; false if repeats are counted. */
  hasRepeats: boolean;
}

type Reads = NonNullable<GraphQLField<unknown, unknown>['extensions']['reads']>;

/** State of one measurement. */
interface Measuring {
  measure: Measure;
  schema: GraphQLSchema;
  variables: RawVariables;
  fragments: Fragments;
  /** The total of each fragment by name, type and page size, so that each is walked once. */
  fragmentCosts: Map<string, number>;
  dependsOnVariables: boolean;
  hasRepeats: boolean;
}

/** The type that selections apply to and, within a connection, the size of its page. */
interface Parent {
  type: GraphQLObjectType;
  page?: number;
}

function measure({ schema, document, operationName, variableValues }: ExecutionArgs, by: Measure): Measurement {
  const operation = getOperationAST(document, operationName);
  const type = operation && schema.getRootType(operation.operation);
  if (!operation || !type) return { total: 0, dependsOnVariables: false, hasRepeats: false };
  const measuring: Measuring = {
    measure: by,
    schema,
    variables: { values: variableValues ?? {}, definitions: operation.variableDefinitions ?? [] },
    fragments: fragmentsOf(document),
    fragmentCosts: new Map(),
    dependsOnVariables: false,
    hasRepeats: false,
  };
  const total = Math.min(costOfSelections(measuring, operation.selectionSet, { type }), Number.MAX_SAFE_INTEGER);
  return { total, dependsOnVariables: measuring.dependsOnVariables, hasRepeats: measuring.hasRepeats };
}

function costOfSelections(measuring: Measuring, { selections }: SelectionSetNode, parent: Parent): number {
  return selections.reduce((cost, selection) => cost + costOfSelection(measuring, selection, parent), 0);
}

function costOfSelection(measuring: Measuring, selection: SelectionNode, parent: Parent): number {
  if (selection.kind === Kind.FIELD) return costOfField(measuring, selection, parent);
  if (selection.kind === Kind.FRAGMENT_SPREAD) return costOfSpread(measuring, selection.name.value, parent);
  return costOfFragment(measuring, selection, parent);
}

function costOfSpread(measuring: Measuring, name: string, parent: Parent): number {
  const { fragmentCosts, fragments } = measuring;
  const key = `${name} ${parent.type.name} ${parent.page}`;
  const fragment = fragments.get(name);
  const cost = fragmentCosts.get(key) ?? (fragment ? costOfFragment(measuring, fragment, parent) : 0);
  fragmentCosts.set(key, cost);
  return cost;
}

/** A fragment whose type condition excludes the parent type costs nothing. */
function costOfFragment(
  measuring: Measuring,
  { typeCondition, selectionSet }: InlineFragmentNode | FragmentDefinitionNode,
  parent: Parent,
): number {
  return conditionApplies(measuring.schema, typeCondition, parent.type)
    ? costOfSelections(measuring, selectionSet, parent)
    : 0;
}

function costOfField(measuring: Measuring, node: FieldNode, { type, page }: Parent): number {
  // Introspection reads no rows, and validation limits its depth.
  const field = type.getFields()[node.name.value];
  if (!field) return 0;
  const { ofField, ofRow, unpagedLength } = measuring.measure;
  const ownCost = ofField(field, node) + costOfFilter(measuring, node, field);
  const { reads } = field.extensions;
  if (reads) return countObjects(measuring, node, reads) * (ownCost + costOfChildren(measuring, node, field));
  if (field.extensions.writes !== undefined) {
    // The list in the payload has an item for each item of the input.
    const items = countWrites(measuring, node, field.extensions.writes);
    return items * (ownCost + costOfChildren(measuring, node, field, 1));
  }
  if (field.args.some(({ name }) => name === 'first')) {
    const size = pageSize(readArgument(measuring, node, 'first'), readArgument(measuring, node, 'last'));
    return ownCost + size * ofRow + costOfChildren(measuring, node, field, size);
  }
  const length = isListType(getNullableType(field.type)) ? (page ?? unpagedLength) : 1;
  return ownCost + length * costOfChildren(measuring, node, field);
}

/** What the conditions of a field's filter and its search cost. */
function costOfFilter(measuring: Measuring, node: FieldNode, field: GraphQLField<unknown, unknown>): number {
  const { extensions } = field;
  if (extensions.filter === undefined || !measuring.measure.countsConditions) return 0;
  const { value, dependsOnVariables } = argumentAt(node, extensions.filter, measuring.variables);
  measuring.dependsOnVariables ||= dependsOnVariables;
  const search = field.args.some(({ name }) => name === 'search') ? readArgument(measuring, node, 'search') : undefined;
  return costOfQuery({ where: value, search });
}

/** The number of objects that a field's argument lists. */
function countObjects(measuring: Measuring, node: FieldNode, { argument, keyOf }: Reads): number {
  const items = itemsOf(readArgument(measuring, node, argument));
  if (measuring.measure.countsRepeats) return items.length;
  const distinct = new Set(keyOf ? items.map(keyOf) : items).size;
  measuring.hasRepeats ||= distinct < items.length;
  return distinct;
}

function countWrites(measuring: Measuring, node: FieldNode, path: string): number {
  const { value, dependsOnVariables } = argumentAt(node, path, measuring.variables);
  measuring.dependsOnVariables ||= dependsOnVariables;
  return itemsOf(value).length;
}

/** The cost of what a field selects: for an abstract type, that of the most expensive possible type. */
function costOfChildren(
  measuring: Measuring,
  { selectionSet }: FieldNode,
  field: GraphQLField<unknown, unknown>,
  page?: number,
): number {
  const type = getNamedType(field.type);
  if (!selectionSet || isLeafType(type)) return 0;
  const pageOfParent = page === undefined ? {} : { page };
  return Math.max(
    0,
    ...objectTypesOf(measuring.schema, type).map((possible) =>
      costOfSelections(measuring, selectionSet, { type: possible, ...pageOfParent }),
    ),
  );
}

function readArgument(measuring: Measuring, node: FieldNode, name: string): unknown {
  const { value, isVariable } = argumentValue(node, name, measuring.variables);
  measuring.dependsOnVariables ||= isVariable;
  return value;
}

/** An object costs 1, or 0 if its parent's row contains it; a scalar costs 0. `extensions.cost` overrides both. */
function fieldCost({ type, extensions }: GraphQLField<unknown, unknown>): number {
  if (extensions.cost !== undefined) return extensions.cost;
  return isLeafType(getNamedType(type)) || 'pothosExposedField' in extensions ? 0 : 1;
}

/** Maximum bytes of a value. The largest `Attributes` are those of `User.meta`; the longest strings are device tokens. */
const VALUE_BYTES: Readonly<Record<string, number>> = {
  Attributes: metaLimits.bytes,
  AttributeValue: attributeLimits.bytes,
  String: MAX_DEVICE_TOKEN_LENGTH,
  UserExport: MAX_EXPORT_CHARACTERS,
};

/** Maximum bytes of a number, an instant, an id or an enum value. */
const SMALL_VALUE_BYTES = 128;

/** The bytes of a field's name, of quotes and of separators, and of its value if that is a scalar. */
function fieldBytes({ type, name }: GraphQLField<unknown, unknown>, { alias }: FieldNode): number {
  const namedType = getNamedType(type);
  const key = (alias?.value ?? name).length + 4;
  return isLeafType(namedType) ? key + (VALUE_BYTES[namedType.name] ?? SMALL_VALUE_BYTES) : key;
}

/** The requested page size; 0 if it is out of range, in which case the resolver rejects it. */
function pageSize(first: unknown, last: unknown): number {
  const size = first ?? last ?? DEFAULT_PAGE_SIZE;
  return typeof size === 'number' && size > 0 && size <= MAX_PAGE_SIZE ? size : 0;
}

/** The part of a request's context that enables the cost report. */
export interface CostReporting {
  reportsCost: boolean;
}

/** Whether a request asks for the cost report, with the same header as Hot Chocolate. */
export const requestsCostReport = (headers: Readonly<Record<string, unknown>>): boolean =>
  headers['graphql-cost'] === 'report';

/** Adds the complexity of the operation and its limit to the response as `extensions.cost`, including rejections. */
export function reportCost(limit: number): Plugin<CostReporting> {
  return {
    onExecute({ args }) {
      if (!args.contextValue.reportsCost) return undefined;
      const cost = { complexity: estimate(args).complexity, limit };
      return {
        onExecuteDone({ result, setResult }) {
          if (!isAsyncIterable(result)) setResult({ ...result, extensions: { ...result.extensions, cost } });
        },
      };
    },
  };
}
