import { type ExecutionArgs, getOperationAST, getVariableValues } from 'graphql';

/** The variables of an operation as its fields will get them. */
export type Variables = Record<string, unknown>;

/** Coerces the variables; nothing where one is wrong or the operation is not there, which execution then reports. */
export function variablesOf(args: ExecutionArgs): Variables | undefined {
  const { schema, document, operationName, variableValues } = args;
  const operation = getOperationAST(document, operationName);
  if (!operation) return undefined;
  const definitions = operation.variableDefinitions ?? [];
  return getVariableValues(schema, definitions, variableValues ?? {}, { maxErrors: 1 }).coerced;
}
