import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql';
import { type Fragments, fragmentsOf } from '../checks/operation-cache.ts';

/** Most selections of an operation that is compiled: several times those of a page of users with everything. */
export const MAX_COMPILED_SELECTIONS = 200;

/** Fields of the root that no type lists. */
const META_FIELDS = [SchemaMetaFieldDef, TypeMetaFieldDef];

const NEVER = Number.POSITIVE_INFINITY;

interface Counting {
  schema: GraphQLSchema;
  fragments: Fragments;
  /** Selections of fragments, by name and type. */
  known: Map<string, number>;
  /** Fields that may still be visited. */
  left: number;
}

/**
 * Counts the selections of an operation as graphql-jit compiles them: with fragments written out where they are spread, and
 * what is beneath a field of an abstract type once for each possible type. Infinite where compiled code would not do the same
 * as graphql-js:
 *
 * - with a `@skip` or `@include` anywhere in the document: graphql-jit keeps a fragment's condition for all places where it is
 *   spread, in other operations, too; orders fields otherwise; and takes a condition that is null for one that does not hold;
 * - with a response key `__proto__`, which sets the prototype of its objects;
 * - with a variable within a list or an object: where it is missing, graphql-jit takes it for null, and scalars do not see it;
 * - with more than 200 selections in any place, which are not counted to their end.
 */
export function compiledSelections(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): number {
  const type = schema.getRootType(operation.operation);
  if (!type || document.definitions.some((node) => 'selectionSet' in node && !isSafe(node.selectionSet))) return NEVER;
  return count(
    { schema, fragments: fragmentsOf(document), known: new Map(), left: MAX_COMPILED_SELECTIONS },
    operation.selectionSet,
    type,
  );
}

/** Whether compiled code does the same as graphql-js, as far as can be told without following fragments. */
function isSafe({ selections }: SelectionSetNode): boolean {
  return selections.every((selection) => {
    if (selection.directives?.length) return false;
    if (selection.kind === Kind.FRAGMENT_SPREAD) return true;
    if (selection.kind === Kind.FIELD && !isSafeField(selection.alias?.value, selection.arguments ?? [])) return false;
    return !selection.selectionSet || isSafe(selection.selectionSet);
  });
}

function isSafeField(alias: string | undefined, given: readonly ArgumentNode[]): boolean {
  return alias !== '__proto__' && given.every(({ value }) => value.kind === Kind.VARIABLE || !holdsVariable(value));
}

function holdsVariable(value: ArgumentNode['value']): boolean {
  if (value.kind === Kind.LIST) return value.values.some(holdsVariable);
  if (value.kind === Kind.OBJECT) return value.fields.some((field) => holdsVariable(field.value));
  return value.kind === Kind.VARIABLE;
}

function count(counting: Counting, { selections }: SelectionSetNode, type: GraphQLObjectType): number {
  let total = 0;
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) total += ofField(counting, selection, type);
    else if (selection.kind === Kind.FRAGMENT_SPREAD) total += ofSpread(counting, selection.name.value, type);
    else if (applies(counting.schema, selection.typeCondition?.name.value, type))
      total += count(counting, selection.selectionSet, type);
    if (total > MAX_COMPILED_SELECTIONS) return NEVER;
  }
  return total;
}

/** Each type that an object may be of is compiled by itself. */
function ofField(counting: Counting, { name, selectionSet }: FieldNode, type: GraphQLObjectType): number {
  counting.left -= 1;
  if (counting.left < 0) return NEVER;
  const field = META_FIELDS.find((meta) => meta.name === name.value) ?? type.getFields()[name.value];
  if (!field || !selectionSet) return 1;
  const of = getNamedType(field.type);
  const types = isAbstractType(of) ? counting.schema.getPossibleTypes(of) : isObjectType(of) ? [of] : [];
  return types.reduce((total, possible) => total + count(counting, selectionSet, possible), 1);
}

/** Walks a fragment once for each type, however often it is spread. */
function ofSpread(counting: Counting, name: string, type: GraphQLObjectType): number {
  const key = `${name} ${type.name}`;
  const fragment = counting.fragments.get(name);
  const known = counting.known.get(key);
  if (known !== undefined || !fragment) return known ?? 0;
  const isApplied = applies(counting.schema, fragment.typeCondition.name.value, type);
  const selections = isApplied ? count(counting, fragment.selectionSet, type) : 0;
  counting.known.set(key, selections);
  return selections;
}

function applies(schema: GraphQLSchema, condition: string | undefined, type: GraphQLObjectType): boolean {
  const on = condition === undefined ? undefined : schema.getType(condition);
  return !on || on === type || (isAbstractType(on) && schema.isSubType(on, type));
}
