import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import { isRejectedByPostgres } from './errors.ts';
import { retryOnConflict } from './retry.ts';
import type { WriteDb } from './statements.ts';

/**
 * Maximum number of keys in a statement: a full page of rows. With larger batches, too few PostgreSQL backends share the
 * work.
 */
export const MAX_BATCH_SIZE = 100;

/**
 * Options of loaders that batch and do not cache. A batch is sent once the event loop has handled everything that has arrived,
 * so that concurrent requests share one statement (docs/performance-steps.md).
 */
export const batching = { cache: false, batchScheduleFn: setImmediate, maxBatchSize: MAX_BATCH_SIZE } as const;

/** Maximum number of workspaces whose values `byWorkspace` keeps; recreating one is cheap. */
const MAX_CACHED_WORKSPACES = 1_000;

/** Caches one value for each workspace. */
export function byWorkspace<Value extends object>(
  create: (workspaceId: string) => Value,
): (workspaceId: string) => Value {
  const cache = new LRUCache<string, Value>({ max: MAX_CACHED_WORKSPACES, memoMethod: create });
  return (workspaceId) => cache.memo(workspaceId);
}

/**
 * Writes several inputs of a workspace with one statement. Each input is written completely or not at all.
 * @param lock what to do with rows that another transaction has locked: `skip` leaves their inputs unwritten.
 * @returns a result for each input, in order; undefined for one that was not written.
 */
export type WriteMany<Input, Output> = (
  db: WriteDb,
  workspaceId: string,
  inputs: readonly Input[],
  lock: 'wait' | 'skip',
) => Promise<(Output | undefined)[]>;

/**
 * Batches concurrent writes. An input neither waits for the locks of another input nor fails because of one: inputs whose rows
 * are locked, or all inputs if the statement fails, are written again, each in its own statement.
 * @returns a function that writes one input; it returns undefined if the input cannot be written.
 */
export function batchedWrite<Input, Output>(write: WriteMany<Input, Output>) {
  const writeAlone = async (db: WriteDb, workspaceId: string, input: Input) => {
    const [written] = await retryOnConflict(() => write(db, workspaceId, [input], 'wait'));
    return written;
  };

  // A gateway has one `WriteDb` for each workspace, so this map has one entry; a bounded cache would take far more memory.
  const createLoaders = (db: WriteDb) => {
    const createLoader = (workspaceId: string) => {
      const writeAll = async (inputs: readonly Input[]): Promise<(Promise<Output | undefined> | Output)[]> => {
        const written = inputs.length === 1 ? [] : await tryBatch(() => write(db, workspaceId, inputs, 'skip'));
        return inputs.map((input, place) => written[place] ?? writeAlone(db, workspaceId, input));
      };
      return new DataLoader(writeAll, batching);
    };
    const loaders = new Map<string, ReturnType<typeof createLoader>>();
    return (workspaceId: string) => {
      const loader = loaders.get(workspaceId) ?? createLoader(workspaceId);
      loaders.set(workspaceId, loader);
      return loader;
    };
  };

  const loadersByDb = new WeakMap<WriteDb, ReturnType<typeof createLoaders>>();
  return async (db: WriteDb, workspaceId: string, input: Input): Promise<Output | undefined> => {
    const loaderOf = loadersByDb.get(db) ?? createLoaders(db);
    loadersByDb.set(db, loaderOf);
    return loaderOf(workspaceId).load(input);
  };
}

/**
 * Returns no results if PostgreSQL rejected the statement, possibly because of one input. After any other error, the
 * statement may have been executed and must not be retried.
 */
async function tryBatch<Output>(write: () => Promise<(Output | undefined)[]>): Promise<(Output | undefined)[]> {
  try {
    return await write();
  } catch (error) {
    if (isRejectedByPostgres(error)) return [];
    throw error;
  }
}
