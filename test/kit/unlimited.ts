import type { Dependencies } from '../../src/app.ts';

/** Options of a gateway without rate limits, concurrency limits, login throttling and load shedding. */
export const unlimited = {
  rateLimits: { secret: 0, publicKey: 0 },
  admissionLimits: { concurrentRequests: 0, failedLogins: 0 },
  inFlightLimit: 0,
  trustProxy: [],
} satisfies Partial<Dependencies>;
