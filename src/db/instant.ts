import { types } from 'pg';

const parse: (text: string) => Date | number = types.getTypeParser(types.builtins.TIMESTAMPTZ);

/** How UTC is told at the end of either. */
const UTC = new Set(['+00', '+00:00']);

/**
 * Reads a `timestamptz` as a session in UTC sends it, `2021-01-12 05:24:39.062+00`, or JSON has it,
 * `2021-01-12T05:24:39.062+00:00`, as it is shown. No `Date` is made of it, which would only become text again, and that is
 * most of what a page's instants cost (docs/performance-steps.md).
 */
export function toInstant(text: string): string {
  // Nine of ten are `2021-01-12T05:24:39.062+00:00`, whose end alone is to change: half the time, a quarter of the memory.
  if (text.length === 29 && text[10] === 'T' && text[19] === '.' && text.endsWith('+00:00'))
    return `${text.slice(0, 23)}Z`;
  const zone = text.indexOf('+', 19);
  const isUtc = (text[10] === ' ' || text[10] === 'T') && UTC.has(text.slice(zone));
  if (!isUtc) return toUnusualInstant(text);
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20, zone).slice(0, 3).padEnd(3, '0')}Z`;
}

/** What only a hand in the database can have written; `infinity` stays as it is, so that the row can be read. */
function toUnusualInstant(text: string): string {
  const at = new Date(parse(text.replace('T', ' ')));
  return Number.isNaN(at.getTime()) ? text : at.toISOString();
}
