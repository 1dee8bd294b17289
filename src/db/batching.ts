import DataLoader from 'dataloader';
import { LRUCache } from 'lru-cache';
import { isRefused } from './errors.ts';
import { retryOnConflict } from './retry.ts';
import type { Db } from './statements.ts';

/** Most keys of a statement: as many rows as a page holds. More at once would leave PostgreSQL's other processes idle. */
export const MAX_BATCH_SIZE = 100;

/**
 * How loaders batch, which do not remember. A batch is closed when all that has arrived by then has been looked at, so that
 * what requests ask for at the same time costs one statement (docs/performance-steps.md).
 */
export const batching = { cache: false, batchScheduleFn: setImmediate, maxBatchSize: MAX_BATCH_SIZE } as const;

/** Workspaces whose batches are kept; those of another are made anew, which costs little. */
const WORKSPACES_KEPT = 1_000;

/** Makes something once for each workspace. */
export function byWorkspace<Value extends object>(
  make: (workspaceId: string) => Value,
): (workspaceId: string) => Value {
  const kept = new LRUCache<string, Value>({ max: WORKSPACES_KEPT, memoMethod: make });
  return (workspaceId) => kept.memo(workspaceId);
}

/**
 * Writes several inputs of a workspace with one statement, each or not at all.
 * @param lock what to do with rows that somebody else has locked: with `skip`, their inputs are left undone.
 * @returns a result for each input, at its place; nothing for one that was not done.
 */
export type WriteMany<Input, Output> = (
  db: Db,
  workspaceId: string,
  inputs: readonly Input[],
  lock: 'wait' | 'skip',
) => Promise<(Output | undefined)[]>;

/**
 * Lets inputs that come at the same time be written together. Nobody pays for another's input: what is locked, and all
 * where the statement fails, is written once more by itself.
 * @returns a function that writes one input, and gives nothing where that is not to be done.
 */
export function batchedWrite<Input, Output>(write: WriteMany<Input, Output>) {
  const alone = async (db: Db, workspaceId: string, input: Input) => {
    const [written] = await retryOnConflict(() => write(db, workspaceId, [input], 'wait'));
    return written;
  };

  // A gateway's `Db` is one workspace's: a bounded cache for each would take more than all else of it.
  const open = (db: Db) => {
    const create = (workspaceId: string) => {
      const writeAll = async (inputs: readonly Input[]): Promise<(Promise<Output | undefined> | Output)[]> => {
        const written = inputs.length === 1 ? [] : await attempt(() => write(db, workspaceId, inputs, 'skip'));
        return inputs.map((input, place) => written[place] ?? alone(db, workspaceId, input));
      };
      return new DataLoader(writeAll, batching);
    };
    const loaders = new Map<string, ReturnType<typeof create>>();
    return (workspaceId: string) => {
      const loader = loaders.get(workspaceId) ?? create(workspaceId);
      loaders.set(workspaceId, loader);
      return loader;
    };
  };

  const opened = new WeakMap<Db, ReturnType<typeof open>>();
  return async (db: Db, workspaceId: string, input: Input): Promise<Output | undefined> => {
    const batches = opened.get(db) ?? open(db);
    if (!opened.has(db)) opened.set(db, batches);
    return batches(workspaceId).load(input);
  };
}

/**
 * What was written; nothing where PostgreSQL has refused the statement, for a reason that may be one input's. After any other
 * fault it may have been carried out, and is not sent again.
 */
async function attempt<Output>(write: () => Promise<(Output | undefined)[]>): Promise<(Output | undefined)[]> {
  try {
    return await write();
  } catch (error) {
    if (isRefused(error)) return [];
    throw error;
  }
}
