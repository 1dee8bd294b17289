import DataLoader, { type BatchLoadFn } from 'dataloader';
import { LRUCache } from 'lru-cache';
import { batchChannel, report, type Scope, scopes } from '../telemetry/channels.ts';
import { isRejectedByPostgres } from './errors.ts';
import { retryOnConflict } from './retry.ts';
import type { WriteDb } from './statements.ts';

/**
 * Maximum number of keys in a statement: a full page of rows. With larger batches, too few PostgreSQL backends share the
 * work.
 */
export const MAX_BATCH_SIZE = 100;

const BATCHING = { cache: false, batchScheduleFn: setImmediate, maxBatchSize: MAX_BATCH_SIZE } as const;

/** The scope of each load of a batch, in order: loads of several requests share a batch. */
export type LoadScopes = readonly (Scope | undefined)[];

/**
 * A loader that batches and does not cache. A batch is sent once the event loop has handled everything that has arrived, so that
 * concurrent requests share one statement (docs/performance-steps.md).
 */
export class BatchLoader<Key, Value> extends DataLoader<Key, Value> {
  /** The scopes of the loads that are not sent yet. */
  readonly #scopes: (Scope | undefined)[];

  /** @param read loads a batch. */
  constructor(read: (keys: readonly Key[], loadScopes: LoadScopes) => ReturnType<BatchLoadFn<Key, Value>>) {
    const waiting: (Scope | undefined)[] = [];
    super((keys) => read(keys, waiting.splice(0, keys.length)), BATCHING);
    this.#scopes = waiting;
  }

  override load(key: Key): Promise<Value> {
    const value = super.load(key);
    this.#scopes.push(scopes.getStore());
    return value;
  }
}

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
 * @param name of the batches in metrics and traces.
 * @returns a function that writes one input; it returns undefined if the input cannot be written.
 */
export function batchedWrite<Input, Output>(name: string, write: WriteMany<Input, Output>) {
  const writeAlone = async (db: WriteDb, workspaceId: string, input: Input, scope: Scope | undefined) => {
    const writeOne = () => retryOnConflict(() => write(db, workspaceId, [input], 'wait'));
    const [written] = await report(batchChannel, () => ({ name, size: 1, scopes: [scope] }), writeOne);
    return written;
  };

  // A gateway has one `WriteDb` for each workspace, so this map has one entry; a bounded cache would take far more memory.
  const createLoaders = (db: WriteDb) => {
    const createLoader = (workspaceId: string) => {
      const writeAll = async (
        inputs: readonly Input[],
        loadScopes: LoadScopes,
      ): Promise<(Promise<Output | undefined> | Output)[]> => {
        const writeMany = () => write(db, workspaceId, inputs, 'skip');
        const describe = () => ({ name, size: inputs.length, scopes: loadScopes });
        const written = inputs.length === 1 ? [] : await tryBatch(() => report(batchChannel, describe, writeMany));
        return inputs.map((input, place) => written[place] ?? writeAlone(db, workspaceId, input, loadScopes[place]));
      };
      return new BatchLoader(writeAll);
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
