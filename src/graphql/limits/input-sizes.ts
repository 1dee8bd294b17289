import {
  type ASTVisitor,
  type ExecutionArgs,
  type FieldNode,
  GraphQLError,
  type GraphQLInputType,
  getOperationAST,
  Kind,
  TypeInfo,
  valueFromASTUntyped,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import './declarations.ts';
import { ValidationError, type ValidationIssue } from '../../domain/errors.ts';
import { byOperation, operationAlone } from '../by-operation.ts';
import { given, itemsOf } from './given.ts';
import type { GraphQLLimits } from './limits.ts';
import { mayHold, oversized, tooMany } from './oversized.ts';

/** Most faults that an answer names. */
const ISSUES_MAXIMUM = 100;

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
  const inputsOf = byOperation((args) => collect(args, limits.inputItems));
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
  const error = new ValidationError(issues.slice(0, ISSUES_MAXIMUM));
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
