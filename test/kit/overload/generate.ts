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

/** Has a generator send what a plan says, and waits for what came back. */
export async function generate(plan: Plan): Promise<Outcome> {
  const child = fork(new URL('generator.ts', import.meta.url), { execArgv: [] });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The generator ended with ${code} and no result.`);
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
