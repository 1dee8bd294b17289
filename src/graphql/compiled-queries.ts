import { type DocumentNode, type ExecutionArgs, type ExecutionResult, getOperationAST } from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Plugin } from 'graphql-yoga';
import { isUnavailable } from '../db/errors.ts';

/** A query is compiled when it is asked for the third time: until then it would cost more than it saves. */
const SEEN_BEFORE = 2;

/** What is known of a document's operation: how often it was seen, or what it was compiled to; null: it cannot be. */
type Known = number | CompiledQuery | null;

/** By document and operation; documents are kept by the parser's cache, which bounds this one. */
const known = new WeakMap<DocumentNode, Map<string, Known>>();

/**
 * Executes queries that come again and again by code that is compiled for them (docs/performance.md).
 *
 * Where such a query has any error, it is executed once more, by the executor that all others have: what an error says
 * and where it puts null is that one's alone. But not where the database is unavailable: the second wait for it would be as
 * long as the first. Mutations, which must not be executed twice, are never compiled.
 */
export const compiledQueries: Plugin = {
  onExecute({ args, executeFn, setExecuteFn }) {
    const compiled = compiledOf(args);
    if (!compiled) return;
    setExecuteFn(async (given: ExecutionArgs) => {
      const { rootValue, contextValue, variableValues } = given;
      const result: ExecutionResult = await compiled.query(rootValue, contextValue, variableValues);
      const faulty = result.errors?.every(({ originalError }) => !isUnavailable(originalError));
      return faulty ? executeFn(given) : result;
    });
  },
};

function compiledOf({ schema, document, operationName }: ExecutionArgs): CompiledQuery | undefined {
  const operation = getOperationAST(document, operationName);
  if (operation?.operation !== 'query') return undefined;
  const ofDocument = known.get(document) ?? new Map<string, Known>();
  known.set(document, ofDocument);
  const name = operation.name?.value ?? '';
  const before = ofDocument.get(name) ?? 0;
  if (typeof before !== 'number') return before ?? undefined;
  const now = before < SEEN_BEFORE ? before + 1 : compile({ schema, document, operationName });
  ofDocument.set(name, now);
  return typeof now === 'number' || now === null ? undefined : now;
}

function compile({ schema, document, operationName }: ExecutionArgs): CompiledQuery | null {
  const compiled = compileQuery(schema, document, operationName ?? undefined);
  return isCompiledQuery(compiled) ? compiled : null;
}
