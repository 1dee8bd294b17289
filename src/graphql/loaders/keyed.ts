import type DataLoader from 'dataloader';
import { BatchLoader } from '../../db/batching.ts';
import type { FieldSet } from '../../db/reading/columns.ts';
import { batchChannel, report } from '../../telemetry/channels.ts';
import { union } from './selected-fields.ts';

/**
 * Creates a loader of values by key; undefined for a key without a value. A batch reads each key once.
 * @param name of its batches in metrics and traces.
 */
export function keyedLoader<Value>(name: string, read: (keys: readonly string[]) => Promise<Map<string, Value>>) {
  return new BatchLoader<string, Value | undefined>(async (keys, scopes) => {
    const values = await report(
      batchChannel,
      () => ({ name, size: keys.length, scopes }),
      () => read([...new Set(keys)]),
    );
    return keys.map((key) => values.get(key));
  });
}

/** Keys that wait for the same query. */
interface Batch<Value> {
  columns: Set<FieldSet>;
  loader: DataLoader<string, Value | undefined>;
}

/** How a query is run for many keys. */
interface QueryLoading<Query, Value> {
  /** The name of its batches in metrics and traces. */
  name: string;
  /**
   * The query's SQL and values as text: queries with the same texts share a batch, and therefore a statement. In two parts, so
   * that a long text that many queries share is hashed once.
   */
  textsOf(query: Query): readonly [source: string, page: string];
  /** Runs the query for some keys. @param columns those that any load of the batch needs. */
  read(query: Query, keys: readonly string[], columns: FieldSet): Promise<Map<string, Value>>;
}

/**
 * Creates a function that loads a query's value for a key, and batches the loads of the same query. A batch is identified only
 * by the query that it runs, so a load never gets the result of another query. A batch is dropped when it is read.
 */
export function queryLoader<Query, Value>({ name, textsOf, read }: QueryLoading<Query, Value>) {
  const open = new Map<string, Map<string, Batch<Value>>>();

  const openBatch = (source: string, page: string, query: Query): Batch<Value> => {
    const pages = open.get(source) ?? new Map<string, Batch<Value>>();
    open.set(source, pages);
    const batch: Batch<Value> = {
      columns: new Set(),
      loader: keyedLoader(name, (keys) => {
        if (pages.get(page) === batch) pages.delete(page);
        if (pages.size === 0 && open.get(source) === pages) open.delete(source);
        return read(query, keys, union(batch.columns));
      }),
    };
    pages.set(page, batch);
    return batch;
  };

  return (query: Query, key: string, columns: FieldSet): Promise<Value | undefined> => {
    const [source, page] = textsOf(query);
    const batch = open.get(source)?.get(page) ?? openBatch(source, page, query);
    batch.columns.add(columns);
    return batch.loader.load(key);
  };
}
