import type { Dependencies } from '../../src/app.ts';
import type { Limits } from '../../src/config/limits.ts';

/** Options of a gateway without rate limits, concurrency limits, login throttling and load shedding. */
export const unlimited = {
  rateLimits: { secret: 0, publicKey: 0 },
  admissionLimits: { concurrentRequests: 0, failedLogins: 0 },
  inFlightLimit: 0,
  trustProxy: [],
} satisfies Partial<Dependencies>;

/** Timeouts that no test reaches: for tests of concurrent writes, which wait for each other for long on a busy machine. */
export const longTimeouts = {
  requestMs: 60_000,
  statementMs: 60_000,
  lockMs: 60_000,
  poolWaitMs: 60_000,
  userQueueMs: 60_000,
  countMs: 60_000,
} satisfies Partial<Limits>;
