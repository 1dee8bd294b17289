import { Prisma } from '../../../db/generated/client.ts';

/** An instant as the text by which instants are ordered, with any number of decimals: without trailing zeros and `Z`. */
export type OrderedInstant = string;

/** Matches the texts that count as instants: dates, and points in time in UTC. */
const PATTERN = '^\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?Z)?$';

const pattern = new RegExp(PATTERN);

const DATE_LENGTH = '2021-01-12'.length;

/** Converts a text; null if it is not an instant. A date is the start of its day in UTC. */
export function toOrderedInstant(text: string): OrderedInstant | null {
  if (!pattern.test(text)) return null;
  return (text.length === DATE_LENGTH ? `${text}T00:00:00` : text).replace(/[Z0.]+$/, '');
}

/** An instant of an input or a row, which is always valid. */
export const ordered = (instant: Date | string): OrderedInstant =>
  (typeof instant === 'string' ? instant : instant.toISOString()).replace(/[Z0.]+$/, '');

/** SQL of `toOrderedInstant`. @param text SQL that may be NULL. */
export const orderedInstantSql = (text: Prisma.Sql) => Prisma.sql`
  (CASE WHEN ${text} ~ ${PATTERN} THEN
    rtrim(CASE WHEN length(${text}) = ${DATE_LENGTH}::int THEN ${text} || 'T00:00:00' ELSE ${text} END, 'Z0.')
  END COLLATE "C")`;
