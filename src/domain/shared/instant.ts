import { z } from 'zod';

/** A point in time in UTC with milliseconds, as rows and responses contain it: `2021-01-12T05:24:39.062Z`. */
export type Instant = string;

/** The first and the last valid instant. Contract, "Instants". */
export const instantRange = {
  first: new Date('0001-01-01T00:00:00.000Z'),
  last: new Date('9999-12-31T23:59:59.999Z'),
} as const;

/** A point in time of an input, with milliseconds. */
export const instant = z
  .date({ error: 'must be a valid date and time' })
  .refine((value) => value >= instantRange.first && value <= instantRange.last, {
    params: { code: 'OUT_OF_RANGE' },
    error: 'must be in the years 1 to 9999 (UTC)',
  });
