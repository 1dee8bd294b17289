import { type ExecutionArgs, type ExecutionResult, execute, getOperationAST } from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Plugin } from 'graphql-yoga';
import type { Viewer } from '../../auth/viewer.ts';
import { isUnavailable } from '../../db/errors.ts';
import { cachePerOperation } from '../checks/operation-cache.ts';
import { compiledSelections, MAX_COMPILED_SELECTIONS } from './compilable.ts';
import { cacheOwner, documentBytes } from './document-cache.ts';
import { FairCache } from './fair-cache.ts';

/** A query is compiled once it was executed so many times without errors: until then that would cost more than it saves. */
const EXECUTIONS_BEFORE = 5;

/**
 * Bytes of a selection when it is compiled and was executed: the code, its source, and what resolvers are told of it. Measured
 * after garbage collection for seven kinds of queries: 0.7 KB (fields that repeat) to 4.1 KB (fields with resolvers).
 */
const BYTES_PER_SELECTION = 4_096;

/** Bytes that any compiled query takes. */
const BYTES_PER_QUERY = 16_384;

/**
 * After a compilation, there is no other for so many times as long: V8 takes about as long again for the first executions as
 * graphql-jit for the compilation, so both together take at most 5 % of the event loop.
 */
const PAUSE_FACTOR = 40;

/** What is known of an operation. It is forgotten with its document. */
interface Operation {
  /** Executions without errors. */
  executions: number;
  /** Selections as they would be compiled; infinite: it cannot be. */
  selections: number;
}

/** Compiled queries, of all servers of a process. */
export class CompiledQueries {
  readonly cache: FairCache<object, CompiledQuery>;
  readonly #pauseFactor: number;
  #nextAt = 0;

  /** @param eager compile without pauses, for tests. */
  constructor(maxBytes: number, eager = false) {
    this.cache = new FairCache(maxBytes);
    this.#pauseFactor = eager ? 0 : PAUSE_FACTOR;
  }

  /** Compiles a query, unless another was compiled just before. */
  compile(operation: Operation, { schema, document, operationName }: ExecutionArgs, owner: string): void {
    // What is compiled holds its document, which may be evicted before.
    const bytes = BYTES_PER_QUERY + operation.selections * BYTES_PER_SELECTION + documentBytes(document);
    if (!this.cache.accepts(bytes)) {
      operation.selections = Number.POSITIVE_INFINITY;
      return;
    }
    const started = performance.now();
    if (started < this.#nextAt) return;
    const compiled = compileQuery(schema, document, operationName ?? undefined);
    const ended = performance.now();
    this.#nextAt = ended + this.#pauseFactor * (ended - started);
    if (!isCompiledQuery(compiled)) {
      operation.selections = Number.POSITIVE_INFINITY;
      return;
    }
    this.cache.set(operation, compiled, bytes, owner);
  }
}

/** How queries are compiled. */
interface Compiling {
  queries: CompiledQueries;
  /** Texts of the operator's persisted operations. */
  persisted: ReadonlySet<string>;
}

/**
 * Executes queries that come again and again by code that is compiled for them (docs/performance-steps.md), if they are small
 * and callers with a secret send them, or if the operator has persisted them. Anybody has the public key, and would fill the
 * cache of compiled queries with it.
 *
 * Where such a query has any error, it is executed once more, by the executor that all others have: what an error says
 * and where it puts null is that one's alone. But not where the database is unavailable: the second wait for it would be as
 * long as the first. Mutations, which must not be executed twice, are never compiled.
 */
export function compiledQueries({ queries, persisted }: Compiling): Plugin<{ viewer: Viewer }> {
  // Each server has operations of its own: a traced one has another schema.
  const operationOf = cachePerOperation(({ schema, document, operationName }): Operation => {
    const node = getOperationAST(document, operationName);
    const isQuery = node?.operation === 'query';
    return { executions: 0, selections: isQuery ? compiledSelections(schema, document, node) : Infinity };
  });
  const isTrusted = ({ viewer }: { viewer: Viewer }, { document }: ExecutionArgs) =>
    viewer.credential === 'secret' || persisted.has(document.loc?.source.body ?? '');

  return {
    onExecute({ args, setExecuteFn }) {
      const operation = operationOf(args);
      if (operation.selections > MAX_COMPILED_SELECTIONS) return;
      const isCounted = isTrusted(args.contextValue, args);
      if (isCounted && operation.executions >= EXECUTIONS_BEFORE && !queries.cache.get(operation))
        queries.compile(operation, args, cacheOwner(args.contextValue.viewer));
      const compiled = queries.cache.get(operation);
      if (compiled) setExecuteFn((given: ExecutionArgs) => executeCompiled(compiled, given));
      else if (isCounted) setExecuteFn((given: ExecutionArgs) => executeAndCount(operation, given));
    },
  };
}

async function executeCompiled(compiled: CompiledQuery, args: ExecutionArgs): Promise<ExecutionResult> {
  const { rootValue, contextValue, variableValues } = args;
  const result: ExecutionResult = await compiled.query(rootValue, contextValue, variableValues);
  const faulty = result.errors?.every(({ originalError }) => !isUnavailable(originalError));
  return faulty ? execute(args) : result;
}

async function executeAndCount(operation: Operation, args: ExecutionArgs): Promise<ExecutionResult> {
  const result = await execute(args);
  if (!result.errors) operation.executions += 1;
  return result;
}
