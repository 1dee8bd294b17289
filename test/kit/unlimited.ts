import type { Dependencies } from '../../src/app.ts';

/** A gateway that refuses nobody for what others, or they themselves, have asked before. */
export const unlimited = {
  rateLimits: { secret: 0, publicKey: 0 },
  admissionLimits: { concurrentRequests: 0, failedLogins: 0 },
  inFlightLimit: 0,
  trustProxy: [],
} satisfies Partial<Dependencies>;
