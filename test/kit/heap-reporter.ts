import { setImmediate } from 'node:timers/promises';

/**
 * Loaded into a gateway by `heapOptions`: on SIGUSR2 it collects the garbage and prints how many bytes are still held, by
 * objects and by the buffers beside them.
 */
process.on('SIGUSR2', async () => {
  // What is finalized after a collection lets go of more.
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ heldBytes: heapUsed + external })}\n`);
});
