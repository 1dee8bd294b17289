import { z } from 'zod';
import { MAX_SEGMENT_DESCRIPTION_LENGTH, MAX_SEGMENT_FILTER_BYTES, MAX_SEGMENT_NAME_LENGTH } from '../shared/limits.ts';
import { printable, text } from '../shared/text.ts';
import { notNull } from '../shared/validation.ts';
import type { UserFilter } from '../users/filter/input.ts';
import { uid } from '../users/uid.ts';
import { canonicalFilter } from './stored-filter.ts';

const name = z.string().trim().pipe(printable(1, MAX_SEGMENT_NAME_LENGTH));
const description = text(0, MAX_SEGMENT_DESCRIPTION_LENGTH);

const bytesOf = (filter: UserFilter) => Buffer.byteLength(canonicalFilter(filter));

/** The filter of a segment, within its size. */
const limited = (where: z.ZodType<UserFilter>) =>
  where.refine((filter) => bytesOf(filter) <= MAX_SEGMENT_FILTER_BYTES, {
    params: { code: 'TOO_LONG' },
    error: ({ input }) =>
      `must have at most ${MAX_SEGMENT_FILTER_BYTES} bytes as JSON; got ${bytesOf(input as UserFilter)}`,
  });

/** The input of `createSegment`. @param where the schema of the filter, with the id format of the API. */
export const newSegment = (where: z.ZodType<UserFilter>) =>
  z.object({ name, description: description.nullish(), where: limited(where) });

/**
 * The input of `updateSegment`. An omitted field is unchanged; null clears the description.
 * @param where as for `newSegment`.
 */
export const segmentUpdate = (where: z.ZodType<UserFilter>) =>
  z.object({
    segmentId: z.uuid(),
    name: notNull(name),
    description: description.nullish(),
    where: notNull(limited(where)),
  });

/** The input of `setSegmentSuppression`. */
export const segmentSuppression = z.object({ uid, segmentId: z.uuid(), suppressed: z.boolean() });

/** The validated input of `createSegment`. */
export type NewSegment = z.output<ReturnType<typeof newSegment>>;

/** The validated input of `updateSegment`. */
export type SegmentUpdate = z.output<ReturnType<typeof segmentUpdate>>;

/** The validated input of `setSegmentSuppression`. */
export type SegmentSuppressionInput = z.output<typeof segmentSuppression>;
