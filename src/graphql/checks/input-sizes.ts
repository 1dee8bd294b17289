import {
  type ASTVisitor,
  type ExecutionArgs,
  type FieldNode,
  GraphQLError,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  getOperationAST,
  isInputObjectType,
  isLeafType,
  isListType,
  Kind,
  TypeInfo,
  valueFromASTUntyped,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { isJsonObject } from '../../domain/shared/attributes.ts';
import { ValidationError, type ValidationIssue } from '../../domain/shared/errors.ts';
import { MAX_ISSUES } from '../../domain/shared/limits.ts';
import { argumentValue, itemsOf } from './argument-value.ts';
import type { GraphQLLimits } from './limits.ts';
import { cachePerOperation, separateOperation } from './operation-cache.ts';

/** A field that reads the objects listed in one of its arguments, which has a limit of its own. */
interface ReadingField {
  node: FieldNode;
  argument: string;
  limit: 'nodes' | 'entities';
}

/** What is the same for every request with an operation. */
interface Inputs {
  /** Issues of literals in the document. */
  literalIssues: ValidationIssue[];
  readingFields: ReadingField[];
  /** Variables whose type contains lists or objects, by name. */
  variables: Map<string, { type: GraphQLInputType; defaultValue: unknown }>;
  /** Limits of variables that are used where a list has a limit of its own, by name. */
  variableLimits: Map<string, number>;
}

/**
 * Creates a check that rejects operations whose variables or literals contain lists or objects that exceed the limit. One error
 * contains all issues.
 */
export function createInputSizesCheck(limits: GraphQLLimits): (args: ExecutionArgs) => GraphQLError | undefined {
  const inputsOf = cachePerOperation((args) => collect(args, limits));
  return (args) => {
    const { literalIssues, readingFields, variables, variableLimits } = inputsOf(args);
    const values = args.variableValues ?? {};
    const issues = [...literalIssues];
    for (const [name, { type, defaultValue }] of variables) {
      const value = Object.hasOwn(values, name) ? values[name] : defaultValue;
      issues.push(...findOversized(value, type, [name], limits, variableLimits.get(name)));
    }
    for (const field of readingFields) issues.push(...findTooManyReads(field, args, limits));
    return issues.length > 0 ? inputError(issues) : undefined;
  };
}

function inputError(issues: ValidationIssue[]): GraphQLError {
  const error = new ValidationError(issues.slice(0, MAX_ISSUES));
  return new GraphQLError(error.message, { originalError: error, extensions: { http: { spec: true, status: 400 } } });
}

function findTooManyReads({ node, argument, limit }: ReadingField, args: ExecutionArgs, limits: GraphQLLimits) {
  const definitions = getOperationAST(args.document, args.operationName)?.variableDefinitions ?? [];
  const { value } = argumentValue(node, argument, { values: args.variableValues ?? {}, definitions });
  const items = itemsOf(value).length;
  return items > limits[limit] ? [tooMany([argument], argument, limits[limit], items)] : [];
}

function collect(args: ExecutionArgs, limits: GraphQLLimits): Inputs {
  const operation = separateOperation(args);
  const inputs: Inputs = { literalIssues: [], readingFields: [], variables: new Map(), variableLimits: new Map() };
  if (!operation) return inputs;
  const types = new TypeInfo(args.schema);
  // Fragments, and the arguments in them, can precede the operation and its variables.
  const withOwnLimit = new Set<string>();
  const visitor: ASTVisitor = {
    VariableDefinition({ variable: { name }, defaultValue }) {
      const type = types.getInputType();
      if (!type || !isContainer(type)) return;
      inputs.variables.set(name.value, { type, defaultValue: defaultValue && valueFromASTUntyped(defaultValue) });
    },
    Field(node) {
      const reads = types.getFieldDef()?.extensions.reads;
      if (reads) inputs.readingFields.push({ node, ...reads });
    },
    Argument({ value }) {
      const argument = types.getArgument();
      if (!argument) return;
      const hasOwnLimit = types.getFieldDef()?.extensions.reads?.argument === argument.name;
      if (hasOwnLimit && value.kind === Kind.VARIABLE) withOwnLimit.add(value.name.value);
      if (hasOwnLimit) return;
      inputs.literalIssues.push(...findOversized(valueFromASTUntyped(value), argument.type, [argument.name], limits));
    },
    ObjectField({ name, value }) {
      const parent = getNamedType(types.getParentInputType());
      if (value.kind !== Kind.VARIABLE || !isInputObjectType(parent)) return;
      const { itemLimit } = parent.getFields()[name.value]?.extensions ?? {};
      if (itemLimit) inputs.variableLimits.set(value.name.value, limits[itemLimit]);
    },
  };
  visit(operation, visitWithTypeInfo(types, visitor));
  for (const name of withOwnLimit) inputs.variables.delete(name);
  return inputs;
}

const tooMany = (path: string[], unit: string, limit: number, count: number): ValidationIssue => ({
  path,
  code: 'TOO_MANY',
  message: `must have at most ${limit} ${unit}; got ${count}`,
});

/**
 * Finds the lists and input objects in a value that exceed their limits. An object may always have all fields of its type. Any
 * more are unknown fields, for each of which graphql-js prints the whole object; that takes seconds for a megabyte.
 * Values of a wrong type are skipped; coercion rejects them.
 */
function findOversized(
  value: unknown,
  type: GraphQLInputType,
  path: string[],
  limits: GraphQLLimits,
  itemLimit = limits.inputItems,
): ValidationIssue[] {
  const nullable = getNullableType(type);
  if (isListType(nullable) && Array.isArray(value)) {
    if (value.length > itemLimit) return [tooMany(path, 'items', itemLimit, value.length)];
    if (isLeafType(getNullableType(nullable.ofType))) return [];
    return value.flatMap((item, index) => findOversized(item, nullable.ofType, [...path, String(index)], limits));
  }
  if (isListType(nullable)) return findOversized(value, nullable.ofType, path, limits);
  if (!isInputObjectType(nullable) || !isJsonObject(value)) return [];
  const maxFields = Math.max(limits.inputItems, Object.keys(nullable.getFields()).length);
  const fields = Object.keys(value).length;
  if (fields > maxFields) return [tooMany(path, 'fields', maxFields, fields)];
  return containerFieldsOf(nullable).flatMap(({ name, type: fieldType, extensions }) =>
    findOversized(
      value[name],
      fieldType,
      [...path, name],
      limits,
      extensions.itemLimit && limits[extensions.itemLimit],
    ),
  );
}

/** Whether values of a type can contain other values: lists and input objects. */
function isContainer(type: GraphQLInputType): boolean {
  return isListType(getNullableType(type)) || isInputObjectType(getNamedType(type));
}

const containerFields = new WeakMap<GraphQLInputObjectType, GraphQLInputField[]>();

/** The fields of an input type that are lists or input objects, computed once per type. */
function containerFieldsOf(type: GraphQLInputObjectType): GraphQLInputField[] {
  const cached = containerFields.get(type);
  if (cached) return cached;
  const fields = Object.values(type.getFields()).filter((field) => isContainer(field.type));
  containerFields.set(type, fields);
  return fields;
}
