import {
  type ExecutionArgs,
  type FieldNode,
  type GraphQLError,
  type GraphQLField,
  type GraphQLObjectType,
  getNamedType,
  getNullableType,
  getOperationAST,
  isAbstractType,
  isLeafType,
  isListType,
  isObjectType,
  Kind,
  type NamedTypeNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import './declarations.ts';
import { DEFAULT_PAGE_SIZE, PAGE_MAXIMUM } from '../../domain/page.ts';
import { byOperation } from './by-operation.ts';
import { type GivenVariables, given, itemsOf } from './given.ts';
import { limitExceeded } from './limits.ts';

/** What a list that takes no size counts as: a user has 5 devices at the most, and seldom more than 10 lists. */
const PLAIN_LIST = 10;

/** Refuses an operation that costs more than the limit, before anything of it is executed. */
export function refuseForComplexity(complexity: number, limit: number): GraphQLError | undefined {
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

const measureOnce = byOperation(measure);

interface Measured {
  complexity: number;
  /** Whether another request with the same document may have another complexity. */
  varies: boolean;
}

function measure({ schema, document, operationName, variableValues }: ExecutionArgs): Measured {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return { complexity: 0, varies: false };
  const variables: GivenVariables = {
    values: variableValues ?? {},
    definitions: operation.variableDefinitions ?? [],
  };
  const fragments = new Map(
    document.definitions.flatMap((node) =>
      node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [],
    ),
  );
  /** Costs of fragments, by name, type and page size: spread many times, each is walked once. */
  const known = new Map<string, number>();
  let varies = false;

  /** @param page size of it, where the selections are a connection's. */
  function ofSelections({ selections }: SelectionSetNode, type: GraphQLObjectType, page?: number): number {
    return selections.reduce((cost, selection) => cost + ofSelection(selection, type, page), 0);
  }

  function ofSelection(selection: SelectionNode, type: GraphQLObjectType, page?: number): number {
    if (selection.kind === Kind.FIELD) return ofField(selection, type, page);
    if (selection.kind === Kind.FRAGMENT_SPREAD) return ofSpread(selection.name.value, type, page);
    return applies(selection.typeCondition, type) ? ofSelections(selection.selectionSet, type, page) : 0;
  }

  function ofSpread(name: string, type: GraphQLObjectType, page?: number): number {
    const key = `${name} ${type.name} ${page}`;
    const before = known.get(key);
    const fragment = fragments.get(name);
    if (before !== undefined || !fragment) return before ?? 0;
    const cost = applies(fragment.typeCondition, type) ? ofSelections(fragment.selectionSet, type, page) : 0;
    known.set(key, cost);
    return cost;
  }

  function applies(condition: NamedTypeNode | undefined, type: GraphQLObjectType): boolean {
    const named = condition && schema.getType(condition.name.value);
    return !named || named === type || (isAbstractType(named) && schema.isSubType(named, type));
  }

  function ofField(node: FieldNode, parent: GraphQLObjectType, page?: number): number {
    // Introspection reads no row, and validation bounds it.
    const field = parent.getFields()[node.name.value];
    if (!field) return 0;
    const own = ownCost(field);
    const { reads } = field.extensions;
    if (reads) return itemsOf(read(node, reads.argument)) * (own + beneath(node, field));
    if (field.args.some(({ name }) => name === 'first')) {
      const size = pageSize(node);
      return own + size + beneath(node, field, size);
    }
    const times = isListType(getNullableType(field.type)) ? (page ?? PLAIN_LIST) : 1;
    return own + times * beneath(node, field);
  }

  /** Of an object that may be of several types, what it costs as the dearest of them. */
  function beneath({ selectionSet }: FieldNode, field: GraphQLField<unknown, unknown>, page?: number): number {
    const type = getNamedType(field.type);
    if (!selectionSet || isLeafType(type)) return 0;
    if (isObjectType(type)) return ofSelections(selectionSet, type, page);
    if (!isAbstractType(type)) return 0;
    return Math.max(...schema.getPossibleTypes(type).map((possible) => ofSelections(selectionSet, possible)));
  }

  /** None where the arguments are out of range, which the resolver refuses. */
  function pageSize(node: FieldNode): number {
    const [first, last] = [read(node, 'first'), read(node, 'last')];
    const size = first ?? last ?? DEFAULT_PAGE_SIZE;
    return typeof size === 'number' && size > 0 && size <= PAGE_MAXIMUM ? size : 0;
  }

  function read(node: FieldNode, argument: string): unknown {
    const argumentGiven = given(node, argument, variables);
    varies ||= argumentGiven.varies;
    return argumentGiven.value;
  }

  const complexity = Math.min(ofSelections(operation.selectionSet, root), Number.MAX_SAFE_INTEGER);
  return { complexity, varies };
}

/** An object costs 1, but for one that comes with its parent's row; a scalar nothing; unless the field says otherwise. */
function ownCost({ type, extensions }: GraphQLField<unknown, unknown>): number {
  if (extensions.cost !== undefined) return extensions.cost;
  return isLeafType(getNamedType(type)) || 'pothosExposedField' in extensions ? 0 : 1;
}
