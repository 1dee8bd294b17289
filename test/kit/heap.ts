import type { GatewayProcess } from './gateway-process.ts';
import { runs, waitUntil } from './workers.ts';

/**
 * The `NODE_OPTIONS` with which a gateway reports its heap.
 * @param limitMb size of the heap; a gateway that needs more crashes.
 */
export const heapOptions = (limitMb: number) =>
  `--max-old-space-size=${limitMb} --expose-gc --import=${new URL('heap-reporter.ts', import.meta.url)}`;

/** The memory that a gateway retains after garbage collection, in MB. */
export async function heldMegabytes({ pid, output }: Pick<GatewayProcess, 'pid' | 'output'>): Promise<number> {
  const reports = () => [...output().matchAll(/^\{"heldBytes":(\d+)\}$/gm)];
  const before = reports().length;
  if (!runs(pid)) throw new Error(`The gateway has exited: ${output().slice(-2_000)}`);
  process.kill(pid, 'SIGUSR2');
  const bytes = await waitUntil(() => {
    const report = reports()[before];
    if (!report) throw new Error('The gateway has not reported its heap.');
    return Number(report[1]);
  });
  return bytes / 2 ** 20;
}
