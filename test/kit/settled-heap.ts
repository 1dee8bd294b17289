import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** The heap is settled when it has shrunk by less than `NOISE_BYTES` in this many collections in a row. */
const CALM_COLLECTIONS = 4;
const NOISE_BYTES = 64 * 1024;
const MAX_COLLECTIONS = 100;

/**
 * The used heap in bytes, after collections until it no longer shrinks. One collection is not enough in a worker that has run other
 * files: V8 drops the bytecode of functions only after several, and frees objects that a task references only after the task.
 */
export async function settledHeap(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  let smallest = Number.POSITIVE_INFINITY;
  let calm = 0;
  for (let collections = 0; collections < MAX_COLLECTIONS && calm < CALM_COLLECTIONS; collections += 1) {
    await delay(5);
    collect();
    const { heapUsed } = process.memoryUsage();
    calm = heapUsed > smallest - NOISE_BYTES ? calm + 1 : 0;
    smallest = Math.min(smallest, heapUsed);
  }
  return smallest;
}
