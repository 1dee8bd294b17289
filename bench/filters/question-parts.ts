import type { UserFilter } from '../../src/domain/users/filter/input.ts';
import { type DeclaredKey, declaredNumber, listId } from './fill.ts';

// Parts of questions: SQL for users `u` of the workspace `$1`, and filters.

const NEWEST = '{after u.id} ORDER BY u.id DESC LIMIT 31';
const DAY = '1 day';

export const users = (condition: string) => `FROM users u WHERE u.workspace_id = $1 AND ${condition} ${NEWEST}`;
export const folded = (column: string) => `lower(u.${column}) COLLATE "C"`;
export const attribute = (key: string) => `lower(u.meta->>'${key}')`;
const token = (pair: string) => `hashtextextended('${pair}', 1)`;
export const hasToken = (...pairs: string[]) => `attribute_tokens(u.meta) && ARRAY[${pairs.map(token).join()}]`;
export const memberOf = (list: number) =>
  `FROM list_memberships m JOIN users u ON u.workspace_id = $1 AND u.id = m.user_id
  WHERE m.workspace_id = $1 AND m.list_id = '${listId(list)}' {after m.user_id} ORDER BY m.user_id DESC LIMIT 31`;
export const did = (name: string, more = '') =>
  `EXISTS (SELECT FROM events e WHERE e.workspace_id = $1 AND e.name = '${name}' AND e.user_id = u.id ${more})`;
/** SQL of whether the user `u` is a member of one of some lists. */
export const isMember = (...lists: number[]) =>
  `EXISTS (SELECT FROM list_memberships m WHERE m.workspace_id = $1 AND m.user_id = u.id AND m.list_id IN (${lists.map((list) => `'${listId(list)}'`).join()}))`;
export const inLast = (days: number) =>
  `AND e.timestamp > $2::timestamptz - ${days} * interval '${DAY}' AND e.timestamp <= $2`;
export const doneAtLeast = (count: number, name: string, more = '') => `FROM (
    SELECT e.user_id FROM events e WHERE e.workspace_id = $1 AND e.name = '${name}' ${more} {after e.user_id}
    GROUP BY e.user_id HAVING count(*) >= ${count} ORDER BY e.user_id DESC LIMIT 31
  ) e JOIN users u ON u.workspace_id = $1 AND u.id = e.user_id ORDER BY u.id DESC`;
export const either = (...conditions: string[]) => `FROM users u WHERE u.workspace_id = $1 AND u.id IN (
    SELECT id FROM (${conditions
      .map((condition) => `(SELECT u.id FROM users u WHERE u.workspace_id = $1 AND ${condition} ${NEWEST})`)
      .join(' UNION ALL ')}) AS arm
  ) ORDER BY u.id DESC LIMIT 31`;
export const orderedBy = (key: string, order: 'ASC' | 'DESC' = 'ASC') =>
  `FROM users u WHERE u.workspace_id = $1 {after ${key}} ORDER BY ${key} ${order}, u.id ${order} LIMIT 31`;

export const event = (name: string, count?: number, days?: number): UserFilter => ({
  events: [
    {
      name: { eq: name },
      ...(count ? { count: { gte: count } } : {}),
      ...(days ? { within: `P${days}D` } : {}),
    },
  ],
});
export const attributeIs = (key: string, eq: string): UserFilter => ({ meta: [{ key, string: { eq } }] });
export const listed = (list: number): UserFilter => ({ lists: { some: { listIds: [listId(list)] } } });
/** SQL of whether the event `e` has a property. */
export const hasProperty = (pair: string) =>
  `AND e.properties <> '{}' AND attribute_tokens(e.properties) && ARRAY[${token(pair)}]`;
export const bought = (name: string, product: string): UserFilter => ({
  events: [{ name: { eq: name }, properties: [{ key: 'product', string: { eq: product } }] }],
});
/** SQL of whether a declared attribute of the user `u` is in a range. */
export const inRange = (key: DeclaredKey, range: string) =>
  `EXISTS (SELECT FROM attribute_values v WHERE v.workspace_id = $1 AND v.attribute = ${declaredNumber(key)} AND v.user_id = u.id AND v.number_value ${range})`;
export const orderedByAttribute = (key: DeclaredKey, column: string) =>
  `FROM attribute_values v JOIN users u ON u.workspace_id = $1 AND u.id = v.user_id
  WHERE v.workspace_id = $1 AND v.attribute = ${declaredNumber(key)} AND v.${column} IS NOT NULL {after v.${column}|v.user_id} ORDER BY v.${column}, v.user_id LIMIT 31`;
/** SQL of whether users have words. @param query text search, in which `~` stands for the digits of the workspace. */
export const hasWords = (query: string) => `w.words @@ replace('${query}', '~', right($1::text, 6))::tsquery`;
/** Users with words that few have, by the index of words. */
export const byWords = (query: string, more = '') => `FROM (
    SELECT w.user_id FROM user_words w WHERE w.workspace_id = $1 AND ${hasWords(query)} {after w.user_id} OFFSET 0
  ) w JOIN users u ON u.workspace_id = $1 AND u.id = w.user_id ${more} ORDER BY u.id DESC LIMIT 31`;
/** Users with words that many have, newest first. */
export const withCommonWords = (query: string) => `FROM (
    SELECT w.user_id FROM (
      SELECT * FROM user_words w WHERE w.workspace_id = $1 {after w.user_id} ORDER BY w.user_id DESC OFFSET 0
    ) w WHERE ${hasWords(query)} LIMIT 31
  ) w JOIN users u ON u.workspace_id = $1 AND u.id = w.user_id ORDER BY u.id DESC`;
