import { z } from 'zod';
import { instant } from '../domain/instant.ts';

const dateTime = z.iso.datetime({ offset: true, local: true });
const date = z.iso.date();
/** RFC 2822, as many languages print dates: `Tue, 12 Jan 2021 05:24:39 GMT`. */
const MAIL = /^(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) \d{2}:\d{2}(?::\d{2})? (?:GMT|UTC|Z|[+-]\d{4})$/;

/** Reads a date; without an offset, as UTC. Nothing for a text that is no date. */
function parse(text: string): Date | undefined {
  const iso = text.replace(/^(\d{4}-\d{2}-\d{2}) /, '$1T');
  if (date.safeParse(iso).success) return new Date(`${iso}T00:00:00Z`);
  if (dateTime.safeParse(iso).success) return new Date(/(Z|[+-]\d{2}:\d{2})$/.test(iso) ? iso : `${iso}Z`);
  return parseMail(text);
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
