import { setTimeout as sleep } from 'node:timers/promises';
import type { Send } from './mix.ts';

/** How much is asked, and for how long. */
export interface Pace {
  /** Requests that are under way at once at the most. */
  connections: number;
  /** Requests a second, of all connections together. */
  rate: number;
  seconds: number;
}

/** What has come of it so far. */
export interface Tally {
  answered: number;
  errors: number;
  /** What the first error said. */
  firstError?: string;
}

/**
 * Sends requests at a rate: each when it is due, or later where all connections wait for answers.
 * @param tally is kept up to date. @param signal ends it early.
 */
export async function drive(
  requests: Iterator<Send, never>,
  { connections, rate, seconds }: Pace,
  tally: Tally,
  signal: AbortSignal,
): Promise<void> {
  const begun = performance.now();
  const end = begun + seconds * 1000;
  let sent = 0;
  async function connection(): Promise<void> {
    for (;;) {
      const due = begun + (1000 * sent) / rate;
      sent += 1;
      if (due >= end) return;
      await sleep(Math.max(0, due - performance.now()));
      if (signal.aborted || performance.now() >= end) return;
      await count(requests.next().value, tally);
    }
  }
  await Promise.all(Array.from({ length: connections }, connection));
}

async function count(send: Send, tally: Tally): Promise<void> {
  try {
    await send();
    tally.answered += 1;
  } catch (error) {
    tally.errors += 1;
    tally.firstError ??= String(error);
  }
}
