import { z } from 'zod';
import { instant } from '../domain/instant.ts';

const dateTime = z.iso.datetime({ offset: true });
/** RFC 2822, as many languages print dates: `Tue, 12 Jan 2021 05:24:39 GMT`. */
const MAIL = /^(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) \d{2}:\d{2}(?::\d{2})? (?:GMT|UTC|Z|[+-]\d{4})$/;

/** A date, a time with or without seconds, and an offset as many languages print it: `Z`, `UTC`, `+0100`, `+01`. */
const ISO = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)? ?([Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$/;

/** Reads a date; without an offset, as UTC. Nothing for a text that is no date. */
function parse(text: string): Date | undefined {
  const [, day, time = '00:00', seconds = ':00', offset] = ISO.exec(text) ?? [];
  if (day === undefined) return parseMail(text);
  const iso = `${day}T${time}${seconds}${offsetOf(offset)}`;
  return dateTime.safeParse(iso).success ? new Date(iso) : undefined;
}

/** An offset as RFC 3339 has it. */
function offsetOf(text = 'Z'): string {
  if (!/^[+-]/.test(text)) return 'Z';
  return `${text.slice(0, 3)}:${text.slice(3).replace(':', '') || '00'}`;
}

/** `Date` would take 30 Feb for 2 March, and the year 21 for 2021. */
function parseMail(text: string): Date | undefined {
  const [, day, month, year] = MAIL.exec(text) ?? [];
  const midnight = new Date(`${day} ${month} ${year} 00:00 GMT`);
  if (midnight.getUTCDate() !== Number(day) || midnight.getUTCFullYear() !== Number(year)) return undefined;
  return new Date(text);
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
