import {
  type ExecutionArgs,
  type FieldNode,
  GraphQLError,
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  getOperationAST,
  isInputObjectType,
  isLeafType,
  isListType,
  separateOperations,
  TypeInfo,
  valueFromASTUntyped,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import './declarations.ts';
import { isJsonObject } from '../../domain/attributes.ts';
import { ValidationError, type ValidationIssue } from '../../domain/errors.ts';
import { byOperation } from './by-operation.ts';
import { given, itemsOf } from './given.ts';
import type { GraphQLLimits } from './limits.ts';

/** Most faults that an answer names. */
const ISSUES_MAXIMUM = 100;

/** The type of representations, of which `_entities` takes as many as its own limit says. */
const REPRESENTATION = '_Any';

/** A field that reads what an argument of it lists. */
interface ReadingField {
  node: FieldNode;
  argument: string;
  limit: 'nodes' | 'entities';
}

/** What is the same for every request with an operation. */
interface Lists {
  /** Lists in the document that are too long. */
  written: ValidationIssue[];
  reading: ReadingField[];
  /** Variables that may hold lists, by name. */
  variables: [string, GraphQLInputType][];
}

/**
 * Makes a function that refuses an operation with lists that are too long, in its variables or written into it, before
 * anything of it is executed. One error tells of all.
 */
export function createListsCheck(limits: GraphQLLimits): (args: ExecutionArgs) => GraphQLError | undefined {
  const listsOf = byOperation((args) => collect(args, limits.inputItems));
  return (args) => {
    const { written, reading, variables } = listsOf(args);
    if (written.length === 0 && reading.length === 0 && variables.length === 0) return undefined;
    const values = args.variableValues ?? {};
    const issues = [
      ...written,
      ...variables.flatMap(([name, type]) => longLists(values[name], type, [name], limits.inputItems)),
      ...reading.flatMap((field) => tooManyRead(field, args, limits)),
    ];
    return issues.length > 0 ? refusal(issues) : undefined;
  };
}

function refusal(issues: ValidationIssue[]): GraphQLError {
  const error = new ValidationError(issues.slice(0, ISSUES_MAXIMUM));
  return new GraphQLError(error.message, {
    originalError: error,
    extensions: { http: { spec: true, status: 400 } },
  });
}

const tooMany = (path: string[], what: string, limit: number, items: number): ValidationIssue => ({
  path,
  code: 'TOO_MANY',
  message: `must hold at most ${limit} ${what}, not ${items}`,
});

function tooManyRead({ node, argument, limit }: ReadingField, args: ExecutionArgs, limits: GraphQLLimits) {
  const definitions = getOperationAST(args.document, args.operationName)?.variableDefinitions ?? [];
  const items = itemsOf(given(node, argument, { values: args.variableValues ?? {}, definitions }).value);
  return items > limits[limit] ? [tooMany([argument], argument, limits[limit], items)] : [];
}

/** Finds the lists of a value that are too long, as far as its type has lists. What is of a wrong type is skipped. */
function longLists(value: unknown, type: GraphQLInputType, path: string[], limit: number): ValidationIssue[] {
  const nullable = getNullableType(type);
  if (isListType(nullable) && Array.isArray(value)) {
    if (value.length > limit) return [tooMany(path, 'items', limit, value.length)];
    if (isLeafType(getNullableType(nullable.ofType))) return [];
    return value.flatMap((item, place) => longLists(item, nullable.ofType, [...path, String(place)], limit));
  }
  if (isListType(nullable)) return longLists(value, nullable.ofType, path, limit);
  if (!isInputObjectType(nullable) || !isJsonObject(value)) return [];
  return Object.values(nullable.getFields()).flatMap((field) =>
    longLists(value[field.name], field.type, [...path, field.name], limit),
  );
}

function collect({ schema, document, operationName }: ExecutionArgs, limit: number): Lists {
  const operation = getOperationAST(document, operationName);
  const lists: Lists = { written: [], reading: [], variables: [] };
  const separated = operation && separateOperations(document)[operation.name?.value ?? ''];
  if (!separated) return lists;
  const check = (value: unknown, type: GraphQLInputType, path: string[]) => {
    if (mayHoldLists(type)) lists.written.push(...longLists(value, type, path, limit));
  };
  const types = new TypeInfo(schema);
  visit(
    separated,
    visitWithTypeInfo(types, {
      VariableDefinition({ variable, defaultValue }) {
        const type = types.getInputType();
        const name = variable.name.value;
        if (!type || !mayHoldLists(type)) return;
        lists.variables.push([name, type]);
        if (defaultValue) check(valueFromASTUntyped(defaultValue), type, [name]);
      },
      Field(node) {
        const field = types.getFieldDef();
        if (field?.extensions.reads) lists.reading.push({ node, ...field.extensions.reads });
      },
      Argument(node) {
        const argument = types.getArgument();
        if (argument) check(valueFromASTUntyped(node.value), argument.type, [argument.name]);
      },
    }),
  );
  return lists;
}

/** Whether a type has lists that no other limit is for. */
function mayHoldLists(type: GraphQLInputType): boolean {
  const named = getNamedType(type);
  if (named.name === REPRESENTATION) return false;
  return isInputObjectType(named) || isListType(getNullableType(type));
}
