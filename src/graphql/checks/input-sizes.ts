import './extensions.ts';
import { type ASTVisitor, type ExecutionArgs, type FieldNode, GraphQLError, type GraphQLInputType, getOperationAST, Kind, TypeInfo, valueFromASTUntyped, visit, visitWithTypeInfo, type GraphQLInputField, type GraphQLInputObjectType, getNamedType, getNullableType, isInputObjectType, isLeafType, isListType } from 'graphql';
import { ValidationError, type ValidationIssue } from '../../domain/shared/errors.ts';
import { cachePerOperation, operationAlone } from './operation-cache.ts';
import { given, itemsOf } from './argument-value.ts';
import type { GraphQLLimits } from './limits.ts';
import { isJsonObject } from '../../domain/shared/attributes.ts';
import { MAX_ISSUES } from '../../domain/shared/limits.ts';

/** A field that reads what an argument of it lists, which has a limit of its own. */
interface ReadingField {
  node: FieldNode;
  argument: string;
  limit: 'nodes' | 'entities';
}

/** What is the same for every request with an operation. */
interface Inputs {
  /** Lists in the document that are too long, and objects that are too large. */
  written: ValidationIssue[];
  reading: ReadingField[];
  /** Variables that may hold any other list or object, by name, with what they hold by default. */
  variables: Map<string, { type: GraphQLInputType; byDefault: unknown }>;
}

/**
 * Makes a function that refuses an operation with lists that are too long or objects that are too large, in its variables or
 * written into it, before anything of it is executed. One error tells of all.
 */
export function createSizesCheck(limits: GraphQLLimits): (args: ExecutionArgs) => GraphQLError | undefined {
  const inputsOf = cachePerOperation((args) => collect(args, limits.inputItems));
  return (args) => {
    const { written, reading, variables } = inputsOf(args);
    const values = args.variableValues ?? {};
    const issues = [...written];
    for (const [name, { type, byDefault }] of variables) {
      const value = Object.hasOwn(values, name) ? values[name] : byDefault;
      issues.push(...oversized(value, type, [name], limits.inputItems));
    }
    for (const field of reading) issues.push(...tooManyRead(field, args, limits));
    return issues.length > 0 ? refusal(issues) : undefined;
  };
}

function refusal(issues: ValidationIssue[]): GraphQLError {
  const error = new ValidationError(issues.slice(0, MAX_ISSUES));
  return new GraphQLError(error.message, { originalError: error, extensions: { http: { spec: true, status: 400 } } });
}

function tooManyRead({ node, argument, limit }: ReadingField, args: ExecutionArgs, limits: GraphQLLimits) {
  const definitions = getOperationAST(args.document, args.operationName)?.variableDefinitions ?? [];
  const items = itemsOf(given(node, argument, { values: args.variableValues ?? {}, definitions }).value);
  return items > limits[limit] ? [tooMany([argument], argument, limits[limit], items)] : [];
}

function collect(args: ExecutionArgs, limit: number): Inputs {
  const operation = operationAlone(args);
  const inputs: Inputs = { written: [], reading: [], variables: new Map() };
  if (!operation) return inputs;
  const types = new TypeInfo(args.schema);
  const visitor: ASTVisitor = {
    VariableDefinition({ variable: { name }, defaultValue }) {
      const type = types.getInputType();
      if (!type || !mayHold(type)) return;
      inputs.variables.set(name.value, { type, byDefault: defaultValue && valueFromASTUntyped(defaultValue) });
    },
    Field(node) {
      const reads = types.getFieldDef()?.extensions.reads;
      if (reads) inputs.reading.push({ node, ...reads });
    },
    Argument({ value }) {
      const argument = types.getArgument();
      if (!argument) return;
      const isRead = types.getFieldDef()?.extensions.reads?.argument === argument.name;
      if (isRead && value.kind === Kind.VARIABLE) inputs.variables.delete(value.name.value);
      if (isRead) return;
      inputs.written.push(...oversized(valueFromASTUntyped(value), argument.type, [argument.name], limit));
    },
  };
  visit(operation, visitWithTypeInfo(types, visitor));
  return inputs;
}

/** A list or an object that is too large. @param path to it, within the input. @param what it holds. */
export const tooMany = (path: string[], what: string, limit: number, items: number): ValidationIssue => ({
  path,
  code: 'TOO_MANY',
  message: `must hold at most ${limit} ${what}, not ${items}`,
});

/**
 * Finds the lists and input objects of a value that hold too much, as far as its type has them; an object may have all fields of
 * its type. graphql-js says of each field that the type has not what the whole object is, which takes seconds for a
 * megabyte of them. What is of a wrong type is skipped.
 */
export function oversized(value: unknown, type: GraphQLInputType, path: string[], limit: number): ValidationIssue[] {
  const nullable = getNullableType(type);
  if (isListType(nullable) && Array.isArray(value)) {
    if (value.length > limit) return [tooMany(path, 'items', limit, value.length)];
    if (isLeafType(getNullableType(nullable.ofType))) return [];
    return value.flatMap((item, place) => oversized(item, nullable.ofType, [...path, String(place)], limit));
  }
  if (isListType(nullable)) return oversized(value, nullable.ofType, path, limit);
  if (!isInputObjectType(nullable) || !isJsonObject(value)) return [];
  const most = Math.max(limit, Object.keys(nullable.getFields()).length);
  const fields = Object.keys(value).length;
  if (fields > most) return [tooMany(path, 'fields', most, fields)];
  return holdingFieldsOf(nullable).flatMap(({ name, type: fieldType }) =>
    oversized(value[name], fieldType, [...path, name], limit),
  );
}

/** Whether values of a type may hold anything: lists and input objects. */
export function mayHold(type: GraphQLInputType): boolean {
  return isListType(getNullableType(type)) || isInputObjectType(getNamedType(type));
}

/** The fields of each input type that may hold anything: of most, few. */
const holdingFields = new WeakMap<GraphQLInputObjectType, GraphQLInputField[]>();

function holdingFieldsOf(type: GraphQLInputObjectType): GraphQLInputField[] {
  const known = holdingFields.get(type);
  if (known) return known;
  const holding = Object.values(type.getFields()).filter((field) => mayHold(field.type));
  holdingFields.set(type, holding);
  return holding;
}
