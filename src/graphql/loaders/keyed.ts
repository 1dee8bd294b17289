import DataLoader from 'dataloader';
import { batching } from '../../db/batching.ts';
import type { FieldSet } from '../../db/reading/columns.ts';
import { union } from './selected-fields.ts';

/** A loader of what is found by key, and of nothing where there is none; each key is read once. */
export function keyedLoader<Value>(read: (keys: readonly string[]) => Promise<Map<string, Value>>) {
  return new DataLoader<string, Value | undefined>(async (keys) => {
    const found = await read([...new Set(keys)]);
    return keys.map((key) => found.get(key));
  }, batching);
}

/** A loader that has not read, with what those who ask it want of its rows. */
interface Waiting {
  wanted: Set<FieldSet>;
  loader: DataLoader<string, unknown>;
}

/**
 * Loaders that come and go: one stands under a name, which tells what it reads, such as a connection and its arguments, until
 * it reads; then with all that any of those who ask it want.
 */
export function namedLoaders() {
  const waiting = new Map<string, Waiting>();

  return <Value>(
    name: string,
    wanted: FieldSet,
    read: (keys: readonly string[], wanted: FieldSet) => Promise<Map<string, Value>>,
  ) => {
    const batch: Waiting = waiting.get(name) ?? {
      wanted: new Set(),
      loader: keyedLoader((keys) => {
        if (waiting.get(name) === batch) waiting.delete(name);
        return read(keys, union(batch.wanted));
      }),
    };
    waiting.set(name, batch);
    batch.wanted.add(wanted);
    // A name always tells what is read, and so of what type it is.
    return batch.loader as DataLoader<string, Value | undefined>;
  };
}
