import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type FieldNode,
  type GraphQLError,
  getOperationAST,
  Kind,
  locatedError,
  type SelectionSetNode,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Plugin } from 'graphql-yoga';
import type { Viewer } from '../../auth/viewer.ts';
import { isUnavailable } from '../../db/errors.ts';
import { cachePerOperation } from '../checks/operation-cache.ts';
import { compiledSelections, MAX_COMPILED_SELECTIONS } from './compilable.ts';
import { cacheOwner, documentBytes } from './document-cache.ts';
import { FairCache } from './fair-cache.ts';

/** Error-free executions after which a query is compiled. Compiling earlier would take more time than it saves. */
const EXECUTIONS_BEFORE_COMPILING = 5;

/**
 * Bytes of a selection after it was compiled and executed: the code, its source, and the `info` objects of resolvers. Measured
 * after garbage collection for seven kinds of queries: 0.7 KB (repeated fields) to 4.1 KB (fields with resolvers).
 */
const BYTES_PER_SELECTION = 4_096;

/** Bytes of a compiled query without its selections. */
const BYTES_PER_QUERY = 16_384;

/**
 * The pause after a compilation, as a multiple of its duration: V8 takes about as long for the first executions as graphql-jit
 * for the compilation, so that both together take at most 5 % of the event loop.
 */
const PAUSE_FACTOR = 40;

/** Statistics of an operation, cached with its document. */
interface Operation {
  /** Executions without errors. */
  executions: number;
  /** Selections as compiled; infinite if the operation cannot be compiled. */
  selections: number;
}

/** The compiled queries of all servers of a process. */
export class CompiledQueries {
  readonly cache: FairCache<object, CompiledQuery>;
  /** Error-free executions after which a query is compiled. */
  readonly compileAfter: number;
  readonly #pauseFactor: number;
  #pausedUntil = 0;

  /** @param compileAfter overrides the number of executions, and compiles without pauses, for tests. */
  constructor(maxBytes: number, compileAfter?: number) {
    this.cache = new FairCache(maxBytes);
    this.compileAfter = compileAfter ?? EXECUTIONS_BEFORE_COMPILING;
    this.#pauseFactor = compileAfter === undefined ? PAUSE_FACTOR : 0;
  }

  /** Compiles a query, except during the pause after another compilation. */
  compile(operation: Operation, { schema, document, operationName }: ExecutionArgs, owner: string): void {
    // A compiled query references its document, which the document cache can evict earlier.
    const bytes = BYTES_PER_QUERY + operation.selections * BYTES_PER_SELECTION + documentBytes(document);
    if (!this.cache.accepts(bytes)) {
      operation.selections = Number.POSITIVE_INFINITY;
      return;
    }
    const started = performance.now();
    if (started < this.#pausedUntil) return;
    const compiled = compileQuery(schema, document, operationName ?? undefined);
    const ended = performance.now();
    this.#pausedUntil = ended + this.#pauseFactor * (ended - started);
    if (!isCompiledQuery(compiled)) {
      operation.selections = Number.POSITIVE_INFINITY;
      return;
    }
    this.cache.set(operation, compiled, bytes, owner);
  }
}

interface CompilationOptions {
  queries: CompiledQueries;
  /** Texts of the persisted operations. */
  persisted: ReadonlySet<string>;
}

/**
 * Executes repeated queries as compiled code (docs/performance-steps.md) if they are small, and if a caller with a secret sends
 * them or they are persisted operations. Public keys are not secret, so anyone could fill the cache with queries.
 *
 * Mutations are never compiled: `executeCompiled` executes some queries twice.
 */
export function compiledQueries({ queries, persisted }: CompilationOptions): Plugin<{ viewer: Viewer }> {
  // Per server: one with traces has a schema of its own.
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
      if (isCounted && operation.executions >= queries.compileAfter && !queries.cache.get(operation))
        queries.compile(operation, args, cacheOwner(args.contextValue.viewer));
      const compiled = queries.cache.get(operation);
      if (compiled) setExecuteFn((executionArgs: ExecutionArgs) => executeCompiled(compiled, executionArgs));
      else if (isCounted) setExecuteFn((executionArgs: ExecutionArgs) => executeAndCount(operation, executionArgs));
    },
  };
}

async function executeAndCount(operation: Operation, args: ExecutionArgs): Promise<ExecutionResult> {
  const result = await execute(args);
  if (!result.errors) operation.executions += 1;
  return result;
}

/**
 * Executes a compiled query. If graphql-js could return other errors or other nulls, graphql-js executes the query a
 * second time, so that responses do not depend on whether a query is compiled.
 *
 * A result with exactly one error of a resolver is final. So is one for which the database was unavailable: a second execution
 * would wait for it as long as the first. A page of 30 users beside a field that fails takes 1.6 ms of CPU time and 3 statements
 * instead of 3.0 ms and 6 (docs/performance-steps.md).
 */
export async function executeCompiled(compiled: CompiledQuery, args: ExecutionArgs): Promise<ExecutionResult> {
  const { rootValue, contextValue, variableValues } = args;
  const result: ExecutionResult = await compiled.query(rootValue, contextValue, variableValues);
  if (!result.errors) return result;
  const isFinal =
    hasOneResolverError(result, args) || result.errors.some((error) => isUnavailable(error.originalError));
  if (!isFinal) return execute(args);
  // In the order of graphql-js and of the specification: errors first.
  return { errors: result.errors.map((error) => toLocatedError(error, args.document)), data: result.data };
}

/**
 * Whether a compiled query failed with exactly one error, and a resolver threw or returned it. graphql-js would then report the
 * same error and put null at the same path. In these cases it could differ:
 *
 * - There are several errors. Their order can differ, and graphql-js omits errors of fields whose parent is null already.
 * - The whole data is null. graphql-jit then reports only the first error of a non-null field, so that there can be others,
 *   unless the error is that of the only root field.
 * - The error is not a resolver's, but that of an argument, of a serializer, or of a missing value: graphql-jit does not keep the
 *   original error, which determines the code of the response.
 * - The error is that of a list item: graphql-jit shifts the items of a list when the promise of one is rejected.
 */
function hasOneResolverError({ data, errors = [] }: ExecutionResult, args: ExecutionArgs): boolean {
  const [error] = errors;
  if (!error || errors.length > 1 || !(error.originalError instanceof Error)) return false;
  const path = error.path ?? [];
  if (typeof path.at(-1) === 'number') return false;
  return data !== null || (path.length === 1 && hasOneRootField(args));
}

function hasOneRootField({ document, operationName }: ExecutionArgs): boolean {
  const [selection, ...others] = getOperationAST(document, operationName)?.selectionSet.selections ?? [];
  return selection?.kind === Kind.FIELD && others.length === 0;
}

/** Converts an error of graphql-jit, which has locations but no nodes, to that of graphql-js. */
function toLocatedError(
  { message, locations, path, originalError }: GraphQLError,
  document: DocumentNode,
): GraphQLError {
  const nodes = (locations ?? []).flatMap(({ line, column }) => findField(document, line, column) ?? []);
  return locatedError(originalError ?? new Error(message), nodes, path);
}

function findField({ definitions }: DocumentNode, line: number, column: number): FieldNode | undefined {
  const search = ({ selections }: SelectionSetNode): FieldNode | undefined => {
    for (const selection of selections) {
      const start = selection.loc?.startToken;
      if (selection.kind === Kind.FIELD && start?.line === line && start.column === column) return selection;
      const field = 'selectionSet' in selection && selection.selectionSet && search(selection.selectionSet);
      if (field) return field;
    }
    return undefined;
  };
  for (const definition of definitions) {
    const field = 'selectionSet' in definition && search(definition.selectionSet);
    if (field) return field;
  }
  return undefined;
}
