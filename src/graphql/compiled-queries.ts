import { type ExecutionArgs, type ExecutionResult, getOperationAST } from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Plugin } from 'graphql-yoga';
import { isUnavailable } from '../db/errors.ts';
import { byOperation } from './by-operation.ts';
import { isCompilable } from './compilable.ts';

/** A query is compiled when it is asked for the third time: until then it would cost more than it saves. */
const SEEN_BEFORE = 2;

/** What is known of an operation. */
interface Known {
  /** How often it was asked for and not compiled. */
  seen: number;
  /** What it was compiled to; null: it cannot be. */
  compiled?: CompiledQuery | null;
}

const knownOf = byOperation((): Known => ({ seen: 0 }));

/**
 * Executes queries that come again and again by code that is compiled for them (docs/performance-steps.md).
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

function compiledOf(args: ExecutionArgs): CompiledQuery | null {
  if (getOperationAST(args.document, args.operationName)?.operation !== 'query') return null;
  const known = knownOf(args);
  if (known.compiled !== undefined) return known.compiled;
  if (known.seen < SEEN_BEFORE) {
    known.seen += 1;
    return null;
  }
  known.compiled = compile(args);
  return known.compiled;
}

function compile({ schema, document, operationName }: ExecutionArgs): CompiledQuery | null {
  if (!isCompilable(document)) return null;
  const compiled = compileQuery(schema, document, operationName ?? undefined);
  return isCompiledQuery(compiled) ? compiled : null;
}
