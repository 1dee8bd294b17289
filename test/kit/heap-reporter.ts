import { setImmediate } from 'node:timers/promises';

/**
 * Preloaded into a gateway by `heapOptions`. On SIGUSR2 it collects garbage and prints the bytes that are still
 * retained, in the heap and in buffers.
 */
process.on('SIGUSR2', async () => {
  // Finalizers of one collection release memory for the next.
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await setImmediate();
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  // `external` lacks the memory of strings that are being written; `arrayBuffers` has it.
  process.stdout.write(`${JSON.stringify({ heldBytes: heapUsed + Math.max(external, arrayBuffers) })}\n`);
});
