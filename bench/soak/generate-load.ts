import { setTimeout as sleep } from 'node:timers/promises';
import type { Send } from './mix.ts';

export interface SoakLoad {
  /** Maximum number of requests in flight. */
  connections: number;
  /** Requests per second, over all connections. */
  rate: number;
  seconds: number;
}

export interface ResponseCounts {
  answered: number;
  errors: number;
  /** Message of the first error. */
  firstError?: string;
}

/**
 * Sends requests at a fixed rate. While all connections wait for responses, requests are sent later than scheduled.
 * @param counts updated with every response.
 * @param signal aborts before the time is over.
 */
export async function generateLoad(
  requests: Iterator<Send, never>,
  { connections, rate, seconds }: SoakLoad,
  counts: ResponseCounts,
  signal: AbortSignal,
): Promise<void> {
  const start = performance.now();
  const end = start + seconds * 1000;
  let scheduled = 0;
  async function sendFromConnection(): Promise<void> {
    for (;;) {
      const due = start + (1000 * scheduled) / rate;
      scheduled += 1;
      if (due >= end) return;
      await sleep(Math.max(0, due - performance.now()));
      if (signal.aborted || performance.now() >= end) return;
      await sendAndCount(requests.next().value, counts);
    }
  }
  await Promise.all(Array.from({ length: connections }, sendFromConnection));
}

async function sendAndCount(send: Send, counts: ResponseCounts): Promise<void> {
  try {
    await send();
    counts.answered += 1;
  } catch (error) {
    counts.errors += 1;
    counts.firstError ??= String(error);
  }
}
