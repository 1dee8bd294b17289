import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql';
import { containsVariable } from '../checks/argument-value.ts';
import { conditionApplies, type Fragments, fragmentsOf, objectTypesOf } from '../checks/fragments.ts';

/** Maximum number of selections of a compiled operation: several times that of a page of users with all relations. */
export const MAX_COMPILED_SELECTIONS = 200;

/** Root fields that `getFields` does not contain. */
const META_FIELDS = [SchemaMetaFieldDef, TypeMetaFieldDef];

const NOT_COMPILABLE = Number.POSITIVE_INFINITY;

interface Counting {
  schema: GraphQLSchema;
  fragments: Fragments;
  /** Selections of fragments by name and parent type. */
  fragmentCounts: Map<string, number>;
  /** Number of fields that may still be visited. */
  remainingFields: number;
}

/**
 * Counts the selections of an operation as graphql-jit compiles them: with fragments expanded, and with the selections of an
 * abstract type repeated for each possible type. The result is infinite if compiled code would behave differently from
 * graphql-js:
 *
 * - with `@skip` or `@include` anywhere in the document: graphql-jit applies the condition of a fragment spread to every spread
 *   of the fragment, in other operations as well; orders fields differently; and treats a null condition as false;
 * - with a response key `__proto__`, which sets the prototype of its object;
 * - with a variable inside a list or an object literal: graphql-jit replaces a missing variable by null, and does not pass it to
 *   scalars.
 *
 * It is also infinite above `MAX_COMPILED_SELECTIONS`, where counting stops.
 */
export function compiledSelections(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): number {
  const type = schema.getRootType(operation.operation);
  if (!type || document.definitions.some((node) => 'selectionSet' in node && !isSafe(node.selectionSet)))
    return NOT_COMPILABLE;
  return countSelections(
    { schema, fragments: fragmentsOf(document), fragmentCounts: new Map(), remainingFields: MAX_COMPILED_SELECTIONS },
    operation.selectionSet,
    type,
  );
}

/** Whether compiled code behaves like graphql-js for a selection set, without following fragment spreads. */
function isSafe({ selections }: SelectionSetNode): boolean {
  return selections.every((selection) => {
    if (selection.directives?.length) return false;
    if (selection.kind === Kind.FRAGMENT_SPREAD) return true;
    if (selection.kind === Kind.FIELD && !isSafeField(selection.alias?.value, selection.arguments ?? [])) return false;
    return !selection.selectionSet || isSafe(selection.selectionSet);
  });
}

function isSafeField(alias: string | undefined, argumentNodes: readonly ArgumentNode[]): boolean {
  return (
    alias !== '__proto__' &&
    argumentNodes.every(({ value }) => value.kind === Kind.VARIABLE || !containsVariable(value))
  );
}

function countSelections(counting: Counting, { selections }: SelectionSetNode, type: GraphQLObjectType): number {
  let total = 0;
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) total += countField(counting, selection, type);
    else if (selection.kind === Kind.FRAGMENT_SPREAD) total += countSpread(counting, selection.name.value, type);
    else if (conditionApplies(counting.schema, selection.typeCondition, type))
      total += countSelections(counting, selection.selectionSet, type);
    if (total > MAX_COMPILED_SELECTIONS) return NOT_COMPILABLE;
  }
  return total;
}

/** Counts the selections of a field once for each possible type. */
function countField(counting: Counting, { name, selectionSet }: FieldNode, parent: GraphQLObjectType): number {
  counting.remainingFields -= 1;
  if (counting.remainingFields < 0) return NOT_COMPILABLE;
  const field = META_FIELDS.find((meta) => meta.name === name.value) ?? parent.getFields()[name.value];
  if (!field || !selectionSet) return 1;
  const types = objectTypesOf(counting.schema, getNamedType(field.type));
  return types.reduce((total, possible) => total + countSelections(counting, selectionSet, possible), 1);
}

/** Walks a fragment once per parent type, however often it is spread. */
function countSpread(counting: Counting, name: string, type: GraphQLObjectType): number {
  const key = `${name} ${type.name}`;
  const fragment = counting.fragments.get(name);
  const cached = counting.fragmentCounts.get(key);
  if (cached !== undefined || !fragment) return cached ?? 0;
  const isApplied = conditionApplies(counting.schema, fragment.typeCondition, type);
  const selections = isApplied ? countSelections(counting, fragment.selectionSet, type) : 0;
  counting.fragmentCounts.set(key, selections);
  return selections;
}
