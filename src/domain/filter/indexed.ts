import { Prisma } from '../../db/generated/client.ts';
import type { AvailableIndexes } from '../../db/indexes/catalogue.ts';
import type { AttributeValue } from '../shared/attributes.ts';
import type { TextFragment } from './comparisons.ts';
import { escapeLike } from './texts.ts';
import type { ValueComparison } from './values.ts';

// Conditions that comparisons imply, and that the indexes of src/db/indexes/catalogue.ts serve.

/**
 * Whether the trigrams of a text find those that contain it. A run of three letters or digits is at least one trigram; for a text
 * without any, PostgreSQL would read the whole index.
 */
export function hasTrigrams(text: string, { hasAsciiTrigrams }: AvailableIndexes): boolean {
  return (hasAsciiTrigrams ? /[A-Za-z0-9]{3}/ : /[\p{L}\p{Nd}]{3}/u).test(text);
}

/** SQL of whether attributes have one of the tokens that a comparison requires; undefined if it requires none. */
export function hasTokens(
  attributes: Prisma.Sql,
  key: string,
  { requiredValues, isPresence }: ValueComparison,
): Prisma.Sql | undefined {
  const tokens = isPresence
    ? [Prisma.sql`hashtextextended(${key}::text, 0)`]
    : requiredValues?.map((value) => Prisma.sql`hashtextextended(${`${key}:`}::text || ${tokenText(value)}, 1)`);
  if (!tokens?.length) return undefined;
  return Prisma.sql`attribute_tokens(${attributes}) && ARRAY[${Prisma.join(tokens)}]::bigint[]`;
}

/** SQL of the text of a value, as in the function `attribute_tokens` of the migrations. */
const tokenText = (value: AttributeValue) =>
  typeof value === 'number'
    ? Prisma.sql`trim_scale(${JSON.stringify(value)}::numeric)::text`
    : Prisma.sql`lower(${JSON.stringify(value)}::jsonb::text)`;

/**
 * SQL of whether the text of an object, in which PostgreSQL writes `"key": "value"`, contains what a comparison of an attribute
 * requires. It escapes characters as `JSON.stringify` does.
 */
export function containsFragment(
  attributes: Prisma.Sql,
  key: string,
  { text, isStart, isEnd }: TextFragment,
): Prisma.Sql {
  const escaped = JSON.stringify(text).slice(1, -1);
  const fragment = `${isStart ? `${JSON.stringify(key)}: "` : ''}${escaped}${isEnd ? '"' : ''}`;
  return Prisma.sql`lower(${attributes}::text) LIKE lower(${`%${escapeLike(fragment)}%`}::text)`;
}
