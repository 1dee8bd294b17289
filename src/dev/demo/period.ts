/**
 * The two years in which the demo workspace's users sign up and act. Fixed, so that a fresh start makes the same data
 * on any day; past, so that a user created now is newer than all of them.
 */
export const period = { first: new Date('2024-11-01T00:00:00Z'), last: new Date('2026-11-01T00:00:00Z') } as const;

/** Milliseconds of a day. */
export const DAY_MS = 86_400_000;

/** So many days after an instant. */
export function daysAfter(instant: Date, days: number): Date {
  return new Date(instant.getTime() + days * DAY_MS);
}
