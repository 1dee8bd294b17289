import { z } from 'zod';
import { instant } from '../domain/instant.ts';

const dateTime = z.iso.datetime({ offset: true });

/** RFC 2822, as many languages print dates: `Tue, 12 Jan 2021 05:24:39 GMT`. */
const MAIL = /^(?:([A-Z][a-z]{2}), )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}:\d{2})(:\d{2})? (GMT|UTC|Z|[+-]\d{4})$/;

/** A date, a time with or without seconds, and an offset as many languages print it: `Z`, `UTC`, `+0100`, `+01`. */
const ISO = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)? ?([Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$/;

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Reads a date; without an offset, as UTC. Nothing for a text that is no date. */
function parse(text: string): Date | undefined {
  const [, day, time, seconds, offset] = ISO.exec(text) ?? [];
  return day === undefined ? parseMail(text) : dateOf(day, time, seconds, offset);
}

/** Reads a date in RFC 2822 by the rules of the other notation, and its weekday, which has to be right. */
function parseMail(text: string): Date | undefined {
  const [, weekday, dayOfMonth = '', monthName = '', year = '', time, seconds, offset] = MAIL.exec(text) ?? [];
  const month = MONTHS.indexOf(monthName) + 1;
  // Years of two digits, with zeros before them, are years of this century to some and of the first to others.
  if (month === 0 || Number(year) < 100) return undefined;
  const day = `${year}-${String(month).padStart(2, '0')}-${dayOfMonth.padStart(2, '0')}`;
  if (weekday !== undefined && weekday !== WEEKDAYS[new Date(day).getUTCDay()]) return undefined;
  return dateOf(day, time, seconds, offset);
}

/** Nothing where there is no such day, time or offset. */
function dateOf(day: string, time = '00:00', seconds = ':00', offset?: string): Date | undefined {
  const iso = `${day}T${time}${seconds}${offsetOf(offset)}`;
  return dateTime.safeParse(iso).success ? new Date(iso) : undefined;
}

/** An offset as RFC 3339 has it. */
function offsetOf(text = 'Z'): string {
  if (!/^[+-]/.test(text)) return 'Z';
  return `${text.slice(0, 3)}:${text.slice(3).replace(':', '') || '00'}`;
}

/** "A valid date string" (the seed): ISO 8601 with or without a time and an offset, or RFC 2822. */
export const dateText = z
  .string()
  .transform((text, context) => {
    const parsed = parse(text);
    if (parsed && !Number.isNaN(parsed.getTime())) return parsed;
    const message = 'must be a valid date, such as 2021-01-12T05:24:39.062+00:00';
    context.addIssue({ code: 'custom', params: { code: 'INVALID_DATE' }, message });
    return z.NEVER;
  })
  .pipe(instant)
  .meta({ format: 'date-time' });
