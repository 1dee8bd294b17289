import { z } from 'zod';
import { instant } from './instant.ts';

const dateTime = z.iso.datetime({ offset: true });

/** RFC 2822, the date format of many languages: `Tue, 12 Jan 2021 05:24:39 GMT`. */
const MAIL_DATE =
  /^(?:([A-Z][a-z]{2}), )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}:\d{2})(:\d{2})? (GMT|UTC|Z|[+-]\d{4})$/;

/** A date, with an optional time with or without seconds, and an optional offset: `Z`, `UTC`, `+01:00`, `+0100` or `+01`. */
const ISO_DATE =
  /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)? ?([Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$/;

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Parses a date; without an offset, as UTC. */
function parse(text: string): Date | undefined {
  const [, day, time, seconds, offset] = ISO_DATE.exec(text) ?? [];
  return day === undefined ? parseMailDate(text) : toDate(day, time, seconds, offset);
}

/** Parses a date in RFC 2822; its weekday must be correct. */
function parseMailDate(text: string): Date | undefined {
  const [, weekday, dayOfMonth = '', monthName = '', year = '', time, seconds, offset] = MAIL_DATE.exec(text) ?? [];
  const month = MONTHS.indexOf(monthName) + 1;
  // Clients disagree on the century of years with two digits.
  if (month === 0 || Number(year) < 100) return undefined;
  const day = `${year}-${String(month).padStart(2, '0')}-${dayOfMonth.padStart(2, '0')}`;
  if (weekday !== undefined && weekday !== WEEKDAYS[new Date(day).getUTCDay()]) return undefined;
  return toDate(day, time, seconds, offset);
}

/** Undefined if the day, the time or the offset does not exist. */
function toDate(day: string, time = '00:00', seconds = ':00', offset?: string): Date | undefined {
  const iso = `${day}T${time}${seconds}${toRfc3339Offset(offset)}`;
  return dateTime.safeParse(iso).success ? new Date(iso) : undefined;
}

function toRfc3339Offset(text = 'Z'): string {
  if (!/^[+-]/.test(text)) return 'Z';
  return `${text.slice(0, 3)}:${text.slice(3).replace(':', '') || '00'}`;
}

/** A Unix timestamp as text; texts of other lengths can be dates without separators. */
const UNIX_TEXT = /^(\d{10}|\d{13})$/;

/**
 * Unix timestamps below this number are in seconds, all others in milliseconds: 100 billion seconds end in the year 5138, and
 * 100 billion milliseconds in 1973.
 */
const FIRST_UNIX_MS = 100_000_000_000;

function fromUnixTimestamp(timestamp: number): Date {
  return new Date(Math.round(Math.abs(timestamp) < FIRST_UNIX_MS ? timestamp * 1000 : timestamp));
}

/** Parses a date as `dateValue` does; undefined if it is invalid. */
export function parseDate(value: string | number): Date | undefined {
  const isUnix = typeof value === 'number' || UNIX_TEXT.test(value);
  const date = isUnix ? fromUnixTimestamp(Number(value)) : parse(value);
  return date && !Number.isNaN(date.getTime()) ? date : undefined;
}

/**
 * "A valid date string" of the REST reference: ISO 8601 with or without a time and an offset, or RFC 2822; or a Unix timestamp in
 * seconds or milliseconds, as a number or as text.
 */
export const dateValue = z
  .union([z.string(), z.number()], { error: 'must be a date as text, or a Unix timestamp' })
  .transform((value, context) => {
    const date = parseDate(value);
    if (date) return date;
    const message = 'must be a valid date, such as 2021-01-12T05:24:39.062+00:00, or a Unix timestamp';
    context.addIssue({ code: 'custom', params: { code: 'INVALID_DATE' }, message });
    return z.NEVER;
  })
  .pipe(instant)
  .meta({ type: ['string', 'number'], format: 'date-time' });
