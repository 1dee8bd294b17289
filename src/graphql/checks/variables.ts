import {
  type DocumentNode,
  type ExecutionArgs,
  type GraphQLError,
  getOperationAST,
  getVariableValues,
  Kind,
  type NamedTypeNode,
  type VariableDefinitionNode,
} from 'graphql';
import { cachePerOperation } from './operation-cache.ts';

/** The variables of an operation as its fields get them: coerced to their types, with defaults. */
export type Variables = Record<string, unknown>;

/** What coercion gives: the values, or what is wrong with the variables. */
export type CoercedVariables = { values: Variables; errors?: undefined } | { errors: readonly GraphQLError[] };

/** Most errors that an answer has; what graphql-js itself stops at. */
const MAX_ERRORS = 50;

const NO_VARIABLES: CoercedVariables = { values: Object.freeze({}) };

/**
 * Coerces the variables of a request as graphql-js does. Check their size first: graphql-js takes seconds for a megabyte of
 * unknown fields.
 * @returns nothing wrong where the document has no such operation, which execution reports.
 */
export function coerceVariables(args: ExecutionArgs): CoercedVariables {
  const { schema, document, operationName, variableValues } = args;
  const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
  if (definitions.length === 0) return NO_VARIABLES;
  const { coerced, errors } = getVariableValues(schema, definitions, variableValues ?? {}, { maxErrors: MAX_ERRORS });
  return coerced ? { values: coerced } : { errors: errors ?? [] };
}

/** The scalar of the served schema that takes any value as it is. */
const ANY: NamedTypeNode = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: '_Any' } };

/**
 * The document of an operation in a form that takes coerced variables as they are: every variable is of the type `_Any`, and
 * none has a default. graphql-js coerces variables itself, and graphql-jit does so by rules of its own, which accept an array
 * for an input object. All nodes but the definitions of variables are those of the document.
 */
export function withCoercedVariables(args: ExecutionArgs): DocumentNode {
  return coercedForm(args).document;
}

const coercedForm = cachePerOperation(({ document, operationName }) => {
  const operation = getOperationAST(document, operationName);
  if (!operation?.variableDefinitions?.length) return { document };
  const form = { ...operation, variableDefinitions: operation.variableDefinitions.map(takingAny) };
  const definitions = document.definitions.map((node) => (node === operation ? form : node));
  return { document: { ...document, definitions } };
});

function takingAny({ kind, variable, loc }: VariableDefinitionNode): VariableDefinitionNode {
  return { kind, variable, type: ANY, ...(loc ? { loc } : {}) };
}
