import { types } from 'pg';

const parse: (text: string) => Date | number = types.getTypeParser(types.builtins.TIMESTAMPTZ);

/**
 * Reads a `timestamptz` as a session in UTC sends it, `2021-01-12 05:24:39.062+00`, as RFC 3339 has it. No `Date` is made of
 * it, which would only become text again, and that is most of what a page's instants cost (docs/performance.md).
 */
export function toInstant(text: string): string {
  const isPlain = text[10] === ' ' && text.endsWith('+00');
  if (!isPlain) return toUnusualInstant(text);
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20, -3).slice(0, 3).padEnd(3, '0')}Z`;
}

/** What only a hand in the database can have written; `infinity` stays as it is, so that the row can be read. */
function toUnusualInstant(text: string): string {
  const at = new Date(parse(text));
  return Number.isNaN(at.getTime()) ? text : at.toISOString();
}
