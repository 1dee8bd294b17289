import {
  type ExecutionArgs,
  type FieldNode,
  type GraphQLEnumType,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  getOperationAST,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
} from 'graphql';
import { isJsonObject } from '../../domain/shared/attributes.ts';
import type { Scope } from '../../domain/shared/scopes.ts';
import { type Fragments, fragmentsOf } from './fragments.ts';
import { cachePerOperation } from './operation-cache.ts';
import type { Variables } from './variables.ts';

type Field = GraphQLField<unknown, unknown>;
/** Response keys, without the indexes of list items. */
export type Path = readonly string[];

/** A field of an operation, and the path of response keys to it from the start of its `Part`. */
interface SelectedField {
  node: FieldNode;
  path: Path;
}

/** A field and the scopes that it requires. */
export interface Requirement extends SelectedField {
  /** The field's schema coordinate, such as `User.email`. */
  coordinate: string;
  scopes: readonly Scope[];
}

/** A field whose arguments determine the scopes that it requires: they name types, or set input fields or values that require scopes. */
interface FieldWithArguments extends SelectedField {
  field: Field;
}

/** What the operation itself or one fragment selects, without the fragments that it spreads. */
export interface Part {
  /** The same for every request with the operation. */
  fixed: Requirement[];
  /** Fields whose requirements depend on arguments, which can contain variables. */
  byArguments: FieldWithArguments[];
  spreads: { fragment: string; path: Path }[];
}

interface Requirements {
  /** The parts that are executed, by the fragment's name; `OPERATION` for the operation itself. */
  parts: ReadonlyMap<string, Part>;
  /** Whether a variable decides if a field is executed. */
  dependsOnVariables: boolean;
}

/** The name of the part of the operation itself. */
export const OPERATION = '';

const INTROSPECTION: readonly Scope[] = ['schema:read'];

/** Root fields that `getFields` does not contain, and that require a scope. */
const META_FIELDS = [SchemaMetaFieldDef, TypeMetaFieldDef];

/** The scopes that a field or type declares. */
function scopesOf({ extensions }: Pick<Field | GraphQLObjectType, 'extensions'>): readonly Scope[] {
  return extensions.requiresScopes ?? [];
}

/**
 * Collects the requirements of the fields that are executed: not of those that `@skip` or `@include` exclude.
 * @param variables coerced; undefined: without the fields whose execution depends on a variable.
 */
export function requirementsOf(args: ExecutionArgs, variables: Variables | undefined): ReadonlyMap<string, Part> {
  const unconditional = collectOnce(args);
  return (unconditional.dependsOnVariables && variables ? collect(args, variables) : unconditional).parts;
}

/** The state and results of a walk over an operation, which visits each fragment once. */
interface Walk {
  schema: GraphQLSchema;
  fragments: Fragments;
  /** Undefined: fields whose execution depends on a variable are left out. */
  variables: Variables | undefined;
  parts: Map<string, Part>;
  dependsOnVariables: boolean;
}

function collect(args: ExecutionArgs, variables: Variables | undefined): Requirements {
  const { schema, document, operationName } = args;
  const operation = getOperationAST(document, operationName);
  const type = operation && schema.getRootType(operation.operation);
  const fragments = fragmentsOf(document);
  const walk: Walk = { schema, fragments, variables, parts: new Map(), dependsOnVariables: false };
  if (operation && type) collectPart(walk, OPERATION, operation.selectionSet, type);
  return walk;
}

/** An operation in which no variable decides whether a field is executed is walked once, not for each request. */
const collectOnce = cachePerOperation((args) => collect(args, undefined));

function collectPart(walk: Walk, name: string, selectionSet: SelectionSetNode, type: GraphQLNamedType): void {
  const part: Part = { fixed: [], byArguments: [], spreads: [] };
  walk.parts.set(name, part);
  collectSelections(walk, part, selectionSet, type, []);
}

function collectSelections(
  walk: Walk,
  part: Part,
  { selections }: SelectionSetNode,
  type: GraphQLNamedType,
  path: Path,
): void {
  for (const selection of selections) {
    if (!isExecuted(walk, selection)) continue;
    if (selection.kind === Kind.FIELD) {
      collectField(walk, part, selection, type, [...path, selection.alias?.value ?? selection.name.value]);
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      const condition = selection.typeCondition && walk.schema.getType(selection.typeCondition.name.value);
      collectSelections(walk, part, selection.selectionSet, condition ?? type, path);
    } else {
      collectSpread(walk, part, selection.name.value, path);
    }
  }
}

function collectSpread(walk: Walk, part: Part, name: string, path: Path): void {
  part.spreads.push({ fragment: name, path });
  const fragment = walk.fragments.get(name);
  const type = fragment && walk.schema.getType(fragment.typeCondition.name.value);
  if (fragment && type && !walk.parts.has(name)) collectPart(walk, name, fragment.selectionSet, type);
}

function collectField(walk: Walk, part: Part, node: FieldNode, parent: GraphQLNamedType, path: Path): void {
  const name = node.name.value;
  const isMetaField = META_FIELDS.some((field) => field.name === name);
  if (isMetaField) part.fixed.push({ coordinate: `${parent.name}.${name}`, scopes: INTROSPECTION, node, path });
  const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
  if (!field) return;
  const scopes = scopesOf(field);
  if (scopes.length > 0) part.fixed.push({ coordinate: `${parent.name}.${name}`, scopes, node, path });
  if (field.extensions.typesInArguments || setsScopedInput(field, node)) part.byArguments.push({ field, node, path });
  if (node.selectionSet) collectSelections(walk, part, node.selectionSet, getNamedType(field.type), path);
}

/** The values of `if` with which the directives exclude a selection. */
const EXCLUDING: ReadonlyMap<string, boolean> = new Map([
  ['skip', true],
  ['include', false],
]);

/** Whether `@skip` and `@include` let a selection be executed. A condition that is null excludes nothing: execution fails. */
function isExecuted(walk: Walk, { directives = [] }: SelectionNode): boolean {
  return directives.every(({ name, arguments: values = [] }) => {
    const excluding = EXCLUDING.get(name.value);
    const condition = values.find((argument) => argument.name.value === 'if')?.value;
    if (excluding === undefined || !condition) return true;
    if (condition.kind === Kind.BOOLEAN) return condition.value !== excluding;
    if (condition.kind !== Kind.VARIABLE) return true;
    walk.dependsOnVariables = true;
    return walk.variables !== undefined && walk.variables[condition.name.value] !== excluding;
  });
}

/** The scopes that the arguments of a field require. */
export function requirementsOfArguments(
  schema: GraphQLSchema,
  variables: Variables,
  { field, node, path }: FieldWithArguments,
): Requirement[] {
  const values = argumentValues(field, node, variables);
  if (!values) return [];
  return [
    ...requirementsOfTypes(schema, field, values),
    ...field.args.flatMap(({ name, type }) => requirementsOfInput(values[name], type)),
  ].map((requirement) => ({ ...requirement, node, path }));
}

/** The coerced arguments; undefined if they are invalid, which the executor reports. */
function argumentValues(field: Field, node: FieldNode, variables: Variables) {
  try {
    return getArgumentValues(field, node, variables);
  } catch {
    return undefined;
  }
}

/** The scopes of the types that a field's arguments name. The resolver rejects names that are not types. */
function requirementsOfTypes(schema: GraphQLSchema, field: Field, values: Record<string, unknown>): InputRequirement[] {
  const names = new Set(field.extensions.typesInArguments?.(values));
  return [...names].flatMap((name) => {
    const type = schema.getType(name);
    return isObjectType(type) ? { coordinate: `Query.${field.name} of a ${type.name}`, scopes: scopesOf(type) } : [];
  });
}

type InputRequirement = Pick<Requirement, 'coordinate' | 'scopes'>;

/** The scopes of the input fields that a value sets, whatever their values: a filter reveals what it compares. And of enum values. */
function requirementsOfInput(value: unknown, type: GraphQLInputType): InputRequirement[] {
  if (value == null || !requiresScopes(type)) return [];
  if (Array.isArray(value)) return value.flatMap((item) => requirementsOfInput(item, getNamedType(type)));
  const named = getNamedType(type);
  if (isEnumType(named)) return requirementsOfEnumValue(value, named);
  if (!isInputObjectType(named) || !isJsonObject(value)) return [];
  return Object.values(named.getFields()).flatMap((field) => {
    if (value[field.name] === undefined) return [];
    const { requiresScopes: scopes = [] } = field.extensions;
    const own = scopes.length > 0 ? [{ coordinate: `${named.name}.${field.name}`, scopes }] : [];
    return [...own, ...requirementsOfInput(value[field.name], field.type)];
  });
}

function requirementsOfEnumValue(value: unknown, type: GraphQLEnumType): InputRequirement[] {
  const { name, extensions } = type.getValues().find((each) => each.value === value) ?? {};
  const { requiresScopes: scopes = [] } = extensions ?? {};
  return scopes.length > 0 ? [{ coordinate: `${type.name}.${name}`, scopes }] : [];
}

const scopedInputs = new WeakMap<GraphQLInputObjectType, boolean>();

/** Whether values of a type can be or contain an enum value, or set an input field, that requires scopes. */
function requiresScopes(type: GraphQLInputType): boolean {
  const named = getNamedType(type);
  if (isEnumType(named)) return hasScopedValue(named);
  if (!isInputObjectType(named)) return false;
  const result = scopedInputs.get(named) ?? [...typesWithin(named)].some(hasScopedField);
  scopedInputs.set(named, result);
  return result;
}

const isScoped = ({ extensions }: { extensions: { requiresScopes?: readonly Scope[] } }): boolean =>
  (extensions.requiresScopes ?? []).length > 0;

const hasScopedValue = (type: GraphQLEnumType): boolean => type.getValues().some(isScoped);

/** Whether a type has a field that requires scopes, or whose values can be enum values that do. */
function hasScopedField(type: GraphQLInputObjectType): boolean {
  return Object.values(type.getFields()).some((field) => {
    const named = getNamedType(field.type);
    return isScoped(field) || (isEnumType(named) && hasScopedValue(named));
  });
}

/** An input type and the input types that its values can contain. A type can contain itself. */
function typesWithin(type: GraphQLInputObjectType, found = new Set<GraphQLInputObjectType>()) {
  found.add(type);
  for (const field of Object.values(type.getFields())) {
    const named = getNamedType(field.type);
    if (isInputObjectType(named) && !found.has(named)) typesWithin(named, found);
  }
  return found;
}

/** Whether a field of an operation has an argument whose value can require scopes. */
const setsScopedInput = ({ args }: Field, { arguments: set = [] }: FieldNode): boolean =>
  set.length > 0 &&
  args.some(({ name, type }) => set.some((argument) => argument.name.value === name) && requiresScopes(type));
