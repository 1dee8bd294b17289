import {
  type ExecutionArgs,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  getNullableType,
  getOperationAST,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { DEFAULT_PAGE_SIZE, PAGE_MAXIMUM } from '../domain/page.ts';
import type { Variables } from './variables.ts';

/** Most objects that an operation may ask for: what its pages would hold if all of them were full. */
export const OBJECTS_MAXIMUM = 20_000;

/** Refuses an operation that asks for more objects than that, before anything of it is executed. */
export function refuseForObjects(args: ExecutionArgs, variables: Variables): GraphQLError | undefined {
  const objects = objectsAskedFor(args, variables);
  if (objects <= OBJECTS_MAXIMUM) return undefined;
  const message = `The operation asks for up to ${objects} objects; the limit is ${OBJECTS_MAXIMUM}. Ask for smaller pages.`;
  return new GraphQLError(message, { extensions: { code: 'LIMIT_EXCEEDED', http: { spec: true, status: 400 } } });
}

/** What a count needs to know of the operation. */
interface Counting {
  schema: GraphQLSchema;
  variables: Variables;
  fragments: Map<string, FragmentDefinitionNode>;
  /** Fragments that have been counted, by name and page size: spread many times, each is walked once. */
  counted: Map<string, number>;
}

/**
 * Counts the objects that an operation asks for: a page counts its size, a plain list as a page of the default size,
 * and what is within it counts that many times. A fragment counts wherever it is spread.
 */
function objectsAskedFor({ schema, document, operationName }: ExecutionArgs, variables: Variables): number {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return 0;
  const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  const counting: Counting = {
    schema,
    variables,
    fragments: new Map(fragments.map((fragment) => [fragment.name.value, fragment])),
    counted: new Map(),
  };
  return ofSelections(counting, operation.selectionSet, root, 1);
}

/** @param size of the page, where the type is a connection or within one. */
function ofSelections(
  counting: Counting,
  { selections }: SelectionSetNode,
  type: GraphQLNamedType | undefined,
  size: number,
): number {
  return selections.reduce((objects, selection) => objects + ofSelection(counting, selection, type, size), 0);
}

function ofSelection(
  counting: Counting,
  selection: SelectionNode,
  type: GraphQLNamedType | undefined,
  size: number,
): number {
  if (selection.kind === Kind.FIELD) return ofField(counting, selection, type, size);
  if (selection.kind === Kind.FRAGMENT_SPREAD) return ofFragment(counting, selection.name.value, size);
  const condition = selection.typeCondition;
  return ofSelections(
    counting,
    selection.selectionSet,
    condition ? counting.schema.getType(condition.name.value) : type,
    size,
  );
}

function ofFragment(counting: Counting, name: string, size: number): number {
  const key = `${name} ${size}`;
  const fragment = counting.fragments.get(name);
  const known = counting.counted.get(key);
  if (known !== undefined || !fragment) return known ?? 0;
  const type = counting.schema.getType(fragment.typeCondition.name.value);
  const objects = ofSelections(counting, fragment.selectionSet, type, size);
  counting.counted.set(key, objects);
  return objects;
}

function ofField(counting: Counting, node: FieldNode, parent: GraphQLNamedType | undefined, size: number): number {
  const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : undefined;
  const type = field && getNamedType(field.type);
  if (!node.selectionSet || !field || !isCompositeType(type)) return 0;
  if (type.name.endsWith('Connection')) {
    return ofSelections(counting, node.selectionSet, type, sizeOf(counting, node, field));
  }
  // An edge and its node count as one.
  const own = parent?.name.endsWith('Edge') ? 0 : weightOf(field);
  const each = own + ofSelections(counting, node.selectionSet, type, size);
  if (!isListType(getNullableType(field.type))) return each;
  return each * (parent?.name.endsWith('Connection') ? size : sizeOf(counting, node, field));
}

/** A representation of an entity may be malformed, and an error costs more than an object. */
const REPRESENTATION_WEIGHT = 10;

function weightOf({ args }: GraphQLField<unknown, unknown>): number {
  return args.some(({ name }) => name === 'representations') ? REPRESENTATION_WEIGHT : 1;
}

/** How many objects a field may give: none where its arguments are wrong or out of range, which the resolver refuses. */
function sizeOf({ variables }: Counting, node: FieldNode, field: GraphQLField<unknown, unknown>): number {
  try {
    const { first, last, ids, representations } = getArgumentValues(field, node, variables);
    const named = ids ?? representations;
    if (Array.isArray(named)) return named.length;
    const asked = first ?? last ?? DEFAULT_PAGE_SIZE;
    return typeof asked === 'number' && asked <= PAGE_MAXIMUM ? Math.max(asked, 0) : 0;
  } catch {
    return 0;
  }
}
