import type { GatewayProcess } from './gateway-process.ts';
import { runs, waitUntil } from './workers.ts';

/** `NODE_OPTIONS` by which a gateway tells of its heap. @param limitMb the heap that it has: what needs more ends it. */
export const heapOptions = (limitMb: number) =>
  `--max-old-space-size=${limitMb} --expose-gc --import=${new URL('heap-reporter.ts', import.meta.url)}`;

/** What a gateway still holds after a garbage collection, in MB. */
export async function heldMegabytes({ pid, output }: Pick<GatewayProcess, 'pid' | 'output'>): Promise<number> {
  const reports = () => [...output().matchAll(/^\{"heldBytes":(\d+)\}$/gm)];
  const before = reports().length;
  if (!runs(pid)) throw new Error(`The gateway has ended: ${output().slice(-2_000)}`);
  process.kill(pid, 'SIGUSR2');
  const bytes = await waitUntil(() => {
    const report = reports()[before];
    if (!report) throw new Error('The gateway has not told of its heap.');
    return Number(report[1]);
  });
  return bytes / 2 ** 20;
}
