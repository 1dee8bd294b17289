import { type FillStatement, SCATTER_STRIDE } from '../database/fill.ts';
import { FILL_END, FILL_START, idSql } from '../database/ids.ts';

const EVENTS_PER_USER = 10;

/** Texts that users have, in order of how many users have them. */
const firstNames = [
  'Ada',
  'Ngozi',
  'Théo',
  'Kofi',
  'Inés',
  'Wei',
  'Жанна',
  'Amina',
  'Oluwaseun',
  'Bjørn',
  '美咲',
  'Zoë',
];
const syllables = ['ba', 'ko', 'li', 'ma', 'ne', 'ro', 'sa', 'ti', 'vu', 'wen', 'za', 'dro', 'fi', 'gu', 'hal', 'jo'];
const domains = ['example.com', 'mail.example', 'post.example', 'work.example', 'lagoon-labs.example'];
const cities = ['Lagos', 'Lyon', 'Lima', 'Leeds', 'Łódź', 'Москва', '大阪', 'São Paulo'];

/** Names of events, in order of how often they happen. */
export const eventNames = ['Opened app', 'Viewed product', 'Add to cart', 'Paid', 'Shared', 'Refunded', 'Upgraded'];

/** The attributes that are declared, with their types. */
export const declaredAttributes = { score: 'NUMBER', city: 'STRING', age: 'NUMBER' } as const;
export type DeclaredKey = keyof typeof declaredAttributes;

/** The number of the declaration of an attribute, in the order of `declaredAttributes`. */
export const declaredNumber = (key: DeclaredKey) => 1 + Object.keys(declaredAttributes).indexOf(key);

/** The share of users who have events. */
const ACTIVE = 0.8;

/** The users of each list: a share of all, or a number. */
export const listSizes = { large: 0.6, medium: 0.055, small: 23 };

/** The id of a list, and that of the segment of the same number. */
export const listId = (number: number) => `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;

/** The same in SQL. */
const listIdSql = (number: string) => `('00000000-0000-7000-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`;

/** The id of the user of a number, from 1 to the number of users. */
export const userIdSql = (number: string, users: number) => idSql(msOf(number, users), number);

const msOf = (number: string, rows: number) =>
  `(${FILL_START} + (${number}) * ${(FILL_END - FILL_START - 1) / rows})::bigint`;
const instant = (ms: string) => `to_timestamp((${ms}) / 1000.0)`;

/** SQL for a fraction between 0 and 1, which differs between rows `n` and between uses. */
const fraction = (use: number) => `(abs(hashint8extended(n, ${use}) % 1000000007) / 1000000007.0::float8)`;
/** SQL for a position between 0 and a bound; with a higher skew, low ones are more frequent. */
const place = (use: number, bound: number, skew = 1) => `floor(${bound} * power(${fraction(use)}, ${skew}))::int`;
const textArray = (texts: readonly string[]) => `(ARRAY[${texts.map((text) => `'${text}'`).join()}])`;
const pick = (use: number, texts: readonly string[], skew?: number) =>
  `${textArray(texts)}[1 + ${place(use, texts.length, skew)}]`;
const mostly = (use: number, share: number, sql: string) => `CASE WHEN ${fraction(use)} < ${share} THEN ${sql} END`;

/**
 * SQL for eight attributes, from one that nearly all users share to one that each has for himself; the key `beta` is of one user in
 * 10,000.
 */
const meta = `jsonb_build_object(
    'plan', (ARRAY['free', 'Pro', 'team', 'business'])[CASE WHEN ${fraction(11)} < 0.7 THEN 1 WHEN ${fraction(11)} < 0.89 THEN 2
      WHEN ${fraction(11)} < 0.99 THEN 3 ELSE 4 END],
    'age', 18 + ${place(12, 60)}, 'city', ${pick(13, cities, 2)} || ' ' || ${place(14, 100, 2)},
    'company', 'Company ' || ${place(15, 5000, 2)}, 'source', ${pick(16, ['organic', 'referral', 'ads', 'partner'])},
    'reference', 'R-' || left(md5(n::text), 10), 'newsletter', ${fraction(17)} < 0.5, 'score', trim_scale(${place(18, 100_000)} / 10.0),
    'visits', ${place(19, 60)})
  || CASE WHEN n % 10000 = 77 THEN '{"beta": true}'::jsonb ELSE '{}' END`;

/** The statements that fill the tables for the benchmark of filters. */
export function fillStatements(workspaceId: string, users: number): FillStatement[] {
  const workspace = `'${workspaceId}'::uuid`;
  const rows = 'generate_series($1::bigint, $2::bigint) AS n';
  const userId = (number: string) => userIdSql(number, users);
  const created = msOf('n', users);
  const events = users * EVENTS_PER_USER;
  // Scatters the most active users over all sign-ups; the stride is prime.
  const activeUser = `(1 + (${place(31, Math.floor(users * ACTIVE), 1.5)}::bigint * ${SCATTER_STRIDE}) % ${users})`;
  const isListed = `CASE list WHEN 1 THEN ${fraction(21)} < ${listSizes.large}
    WHEN 2 THEN ${fraction(22)} < ${listSizes.medium} ELSE n % ${Math.floor(users / listSizes.small)} = 5 END`;
  return [
    {
      table: 'users',
      rows: users,
      sql: `INSERT INTO users (workspace_id, id, uid, first_name, last_name, number, email, meta, created_at, updated_at)
        SELECT ${workspace}, ${userId('n')}, 'u' || n, first_name, last_name, ${mostly(1, 0.7, `'+23480' || lpad(n::text, 8, '0')`)},
          ${mostly(2, 0.95, `'user.' || lower(coalesce(last_name, 'nobody')) || n || '@' || ${pick(3, domains, 2)}`)},
          ${meta}, ${instant(created)}, ${instant(`${created} + (${FILL_END} - ${created}) * ${fraction(4)}`)}
        FROM ${rows}, LATERAL (
          SELECT ${mostly(5, 0.96, pick(6, firstNames, 2))} AS first_name,
            ${mostly(5, 0.96, `initcap(${[7, 8, 9].map((use) => pick(use, syllables, 1.3)).join(' || ')})`)} AS last_name
        ) AS name`,
    },
    {
      table: 'devices',
      rows: users,
      sql: `INSERT INTO devices (workspace_id, token, user_id, platform, last_seen_at)
        SELECT ${workspace}, md5('device' || n), ${userId('n')}, (ARRAY['android', 'ios'])[1 + n % 2]::device_platform,
          ${instant(created)}
        FROM ${rows} WHERE n % 3 > 0`,
    },
    ...(['list', 'segment'] as const).flatMap((kind) => [
      {
        table: `${kind}s`,
        rows: 3,
        sql: `INSERT INTO ${kind}s (workspace_id, id, ${kind === 'list' ? 'title' : 'definition_id, name'}, created_at)
          SELECT ${workspace}, ${listIdSql('n')}, ${kind === 'list' ? '' : `${listIdSql('n')},`} 'Number ' || n, ${instant(`${FILL_START}`)}
          FROM ${rows}`,
      },
      {
        table: `${kind}_memberships`,
        rows: users,
        sql: `INSERT INTO ${kind}_memberships (workspace_id, ${kind}_id, user_id, ${kind === 'list' ? 'subscribed, joined_at' : 'suppressed, definition_id'})
          SELECT ${workspace}, ${listIdSql('list')}, ${userId('n')},
            n % 5 > 0, ${kind === 'list' ? instant(created) : listIdSql('list')}
          FROM ${rows}, generate_series(1, 3) AS list WHERE ${isListed}`,
      },
    ]),
    {
      table: 'events',
      rows: events,
      sql: `INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
        SELECT ${workspace}, ${idSql(msOf('n', events), 'n')}, ${userId(activeUser)},
          CASE WHEN n % 500000 = 7 THEN 'Cancelled' ELSE ${pick(32, eventNames, 4)} END,
          CASE WHEN n % 3 = 0 THEN to_jsonb(n % 100) END,
          CASE WHEN n % 2 = 0 THEN jsonb_build_object('product', 'C' || ${place(33, 1000)}, 'amount', ${place(34, 10_000)} / 100.0)
            ELSE '{}' END,
          ${instant(msOf('n', events))}
        FROM ${rows}`,
    },
  ];
}
