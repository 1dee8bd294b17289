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

/** Coerced variables, with defaults applied. */
export type Variables = Record<string, unknown>;

/** The result of coercion: the values, or the errors. */
type CoercedVariables = { values: Variables; errors?: undefined } | { errors: readonly GraphQLError[] };

/** Maximum number of errors in a response; the default of graphql-js. */
const MAX_ERRORS = 50;

const NO_VARIABLES: CoercedVariables = { values: Object.freeze({}) };

/**
 * Coerces the variables of a request with graphql-js. Check their size first, since graphql-js takes seconds for a
 * megabyte of unknown fields.
 * @returns no values and no errors if the document does not define the operation; the executor reports that.
 */
export function coerceVariables(args: ExecutionArgs): CoercedVariables {
  const { schema, document, operationName, variableValues } = args;
  const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
  if (definitions.length === 0) return NO_VARIABLES;
  const { coerced, errors } = getVariableValues(schema, definitions, variableValues ?? {}, { maxErrors: MAX_ERRORS });
  return coerced ? { values: coerced } : { errors: errors ?? [] };
}

/** The scalar of the served schema that accepts any value unchanged. */
const ANY: NamedTypeNode = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: '_Any' } };

/**
 * Rewrites a document so that executors accept variables that are already coerced: every variable has the type `_Any` and no
 * default. graphql-js would coerce them a second time, and graphql-jit coerces by different rules: it accepts an array for an
 * input object. All other nodes are those of the document.
 */
export function withCoercedVariables(args: ExecutionArgs): DocumentNode {
  return rewriteDefinitions(args).document;
}

const rewriteDefinitions = cachePerOperation(({ document, operationName }) => {
  const operation = getOperationAST(document, operationName);
  if (!operation?.variableDefinitions?.length) return { document };
  const rewritten = { ...operation, variableDefinitions: operation.variableDefinitions.map(acceptAny) };
  const definitions = document.definitions.map((node) => (node === operation ? rewritten : node));
  return { document: { ...document, definitions } };
});

function acceptAny({ kind, variable, loc }: VariableDefinitionNode): VariableDefinitionNode {
  return { kind, variable, type: ANY, ...(loc ? { loc } : {}) };
}
