import { fork } from 'node:child_process';
import { once } from 'node:events';
import { z } from 'zod';
import type { Outcome, Plan } from './plan.ts';

const latencies = z.object({ count: z.number(), p50: z.number(), p99: z.number(), max: z.number() });
const outcome = z.object({
  sent: z.number(),
  unsent: z.number(),
  lost: z.number(),
  answers: z.record(z.string(), latencies),
});

/** Runs a load generator with a plan, and waits for its result. */
export async function generate(plan: Plan): Promise<Outcome> {
  const child = fork(new URL('generator.ts', import.meta.url), { execArgv: [] });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The load generator exited with code ${code} without a result.`);
  });
  try {
    child.send(plan);
    const [message] = await Promise.race([once(child, 'message'), ended]);
    return outcome.parse(message);
  } finally {
    ended.catch(() => {});
    child.kill();
  }
}
