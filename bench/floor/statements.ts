import { parse } from 'postgres-array';
import { COUNT_CAP } from '../contestants/response-schemas.ts';
import { SEGMENT_ID } from '../database/fill.ts';
import { EVENT_PAGE_SIZE, type NewEvent, PAGE_SIZE } from '../operations.ts';

/** The variables of all operations; each statement reads those of its own operation. */
export interface Variables {
  uid: string;
  after?: string;
  text: string;
  where: { firstName: { eq: string }; lastName: { eq: string }; createdAt: { lt: string } };
  representations: { uid: string }[];
  input: NewEvent & { meta: object; events: NewEvent[] };
}

/** A row as texts, as PostgreSQL sends them. */
export type TextRow = readonly (string | null)[];

/** A statement, and how its rows become the `data` of a response. $1 is the workspace. */
interface Statement {
  text: string;
  values(variables: Variables): unknown[];
  /** @returns the data as JSON. */
  toData(rows: readonly TextRow[]): string;
}

/** Greater than any user's id. */
const MAX_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

// PostgreSQL formats as little as possible: nested rows are arrays of texts, which cost it half of what json_build_object
// does (docs/performance.md). Texts that are JSON already are passed through.

const string = (text: string | null | undefined) => (text == null ? 'null' : JSON.stringify(text));
const json = (text: string | null | undefined) => text ?? 'null';
/** `2026-01-01 00:00:00.123+00` as in RFC 3339; the time zone of the connections is UTC. */
const instant = (text: string | null | undefined) =>
  text == null ? 'null' : `"${text.slice(0, 10)}T${text.slice(11)}:00"`;

/** Parses an array of arrays of texts; null without rows. The types of the parser do not know nested arrays. */
const nested = (text: string | null | undefined): TextRow[] =>
  text == null ? [] : (parse(text, (item) => item) as unknown as TextRow[]);

const list = <Item>(items: readonly Item[], toJson: (item: Item) => string) => `[${items.map(toJson).join(',')}]`;

const devicesOf = (userId: string) => `(
  SELECT array_agg(ARRAY[platform::text, last_seen_at::text] ORDER BY last_seen_at DESC)
  FROM devices WHERE workspace_id = $1 AND user_id = ${userId})`;

const devices = (text: string | null | undefined) =>
  list(
    nested(text),
    ([platform, lastSeenAt]) => `{"platform":${string(platform)},"lastSeenAt":${instant(lastSeenAt)}}`,
  );

const event = ([name, value, properties, timestamp]: TextRow) =>
  `{"name":${string(name)},"value":${json(value)},"properties":${json(properties)},"timestamp":${instant(timestamp)}}`;

const userWithMeta = ([uid, firstName, email, meta]: TextRow) =>
  `{"uid":${string(uid)},"firstName":${string(firstName)},"email":${string(email)},"meta":${json(meta)}}`;

/** A page from one row more than it shows. */
const smallPage = (rows: readonly TextRow[]) =>
  `{"nodes":${list(rows.slice(0, PAGE_SIZE), userWithMeta)},"pageInfo":{"hasNextPage":${rows.length > PAGE_SIZE}}}`;

const updatedUser = (created: boolean) => (rows: readonly TextRow[]) => {
  const [uid, firstName, meta] = rows[0] ?? [];
  return `{"updateUser":{"created":${created},"user":{"uid":${string(uid)},"firstName":${string(firstName)},"meta":${json(meta)}}}}`;
};

/** Statements by the name of the operation in the GraphQL document. */
export const statements: Readonly<Record<string, Statement>> = {
  User: {
    text: `SELECT uid, first_name, last_name, email, meta, created_at, ${devicesOf('users.id')}
      FROM users WHERE workspace_id = $1 AND uid = $2`,
    values: ({ uid }) => [uid],
    toData: ([row = []]) => {
      const [uid, firstName, lastName, email, meta, createdAt, deviceRows] = row;
      const names = `"uid":${string(uid)},"firstName":${string(firstName)},"lastName":${string(lastName)}`;
      return `{"user":{${names},"email":${string(email)},"meta":${json(meta)},"createdAt":${instant(createdAt)},"devices":${devices(deviceRows)}}}`;
    },
  },
  Page: {
    text: `SELECT id, uid, first_name, email, created_at, ${devicesOf('page.id')}, (
        SELECT array_agg(ARRAY[name, value::text, properties::text, timestamp::text] ORDER BY id DESC)
        FROM (
          SELECT id, name, value, properties, timestamp FROM events
          WHERE workspace_id = $1 AND user_id = page.id ORDER BY id DESC LIMIT ${EVENT_PAGE_SIZE}
        ) AS newest)
      FROM (
        SELECT id, uid, first_name, email, created_at FROM users WHERE workspace_id = $1 AND id < $2
        ORDER BY id DESC LIMIT ${PAGE_SIZE + 1}
      ) AS page ORDER BY id DESC`,
    values: ({ after = MAX_ID }) => [after],
    toData: (rows) => {
      const shown = rows.slice(0, PAGE_SIZE);
      const nodes = list(
        shown,
        ([, uid, firstName, email, createdAt, deviceRows, eventRows]) =>
          `{"uid":${string(uid)},"firstName":${string(firstName)},"email":${string(email)},"createdAt":${instant(createdAt)},"devices":${devices(deviceRows)},"events":{"nodes":${list(nested(eventRows), event)}}}`,
      );
      return `{"users":{"nodes":${nodes},"pageInfo":{"hasNextPage":${rows.length > PAGE_SIZE},"endCursor":${string(shown.at(-1)?.[0])}}}}`;
    },
  },
  Count: {
    text: `SELECT uid, first_name, email,
        (SELECT count(*) FROM (SELECT FROM users WHERE workspace_id = $1 LIMIT ${COUNT_CAP}) AS counted)
      FROM users WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT ${PAGE_SIZE}`,
    values: ({ after = MAX_ID }) => [after],
    toData: (rows) => {
      const nodes = list(
        rows,
        ([uid, firstName, email]) => `{"uid":${string(uid)},"firstName":${string(firstName)},"email":${string(email)}}`,
      );
      return `{"users":{"totalCount":${json(rows[0]?.[3])},"nodes":${nodes}}}`;
    },
  },
  Filtered: {
    text: `SELECT uid, first_name, email, meta FROM users
      WHERE workspace_id = $1 AND lower(first_name) = lower($2) AND lower(last_name) = lower($3) AND created_at < $4
      ORDER BY id DESC LIMIT ${PAGE_SIZE + 1}`,
    values: ({ where: { firstName, lastName, createdAt } }) => [firstName.eq, lastName.eq, createdAt.lt],
    toData: (rows) => `{"users":${smallPage(rows)}}`,
  },
  Search: {
    // Words begin with the last digits of the workspace's id, so that one index serves all workspaces.
    text: `SELECT uid, first_name, email, meta FROM (
        SELECT user_id FROM user_words WHERE workspace_id = $1 AND words @@ (right($1::text, 6) || $2 || ':*')::tsquery OFFSET 0
      ) AS found JOIN users ON workspace_id = $1 AND users.id = user_id ORDER BY users.id DESC LIMIT ${PAGE_SIZE + 1}`,
    values: ({ text }) => [text],
    toData: (rows) => `{"users":${smallPage(rows)}}`,
  },
  Segment: {
    text: `SELECT uid, first_name, email, meta FROM (
        SELECT user_id FROM segment_memberships WHERE workspace_id = $1 AND definition_id = '${SEGMENT_ID}' AND user_id < $2
        ORDER BY user_id DESC LIMIT ${PAGE_SIZE + 1}
      ) AS page JOIN users ON workspace_id = $1 AND users.id = user_id ORDER BY user_id DESC`,
    values: ({ after = MAX_ID }) => [after],
    toData: (rows) => `{"segment":{"members":${smallPage(rows)}}}`,
  },
  Entities: {
    text: `SELECT users.uid, first_name, email, meta
      FROM unnest($2::text[]) WITH ORDINALITY AS requested(uid, position)
      LEFT JOIN users ON workspace_id = $1 AND users.uid = requested.uid ORDER BY position`,
    values: ({ representations }) => [representations.map(({ uid }) => uid)],
    toData: (rows) => `{"_entities":${list(rows, (row) => (row[0] == null ? 'null' : userWithMeta(row)))}}`,
  },
  AddEvent: {
    text: `INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
      SELECT $1, uuidv7(), id, $3, $4, $5, $6 FROM users WHERE workspace_id = $1 AND uid = $2
      RETURNING name, value, properties, timestamp`,
    values: ({ input: { uid, name, value, properties, timestamp } }) => [
      uid,
      name,
      JSON.stringify(value),
      properties,
      timestamp,
    ],
    toData: ([row = []]) => `{"addEvent":{"event":${event(row)}}}`,
  },
  AddEvents: {
    text: `INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
      SELECT $1, uuidv7(), users.id, sent.name, sent.value, sent.properties, sent.timestamp
      FROM unnest($2::text[], $3::text[], $4::jsonb[], $5::jsonb[], $6::timestamptz[])
        WITH ORDINALITY AS sent(uid, name, value, properties, timestamp, position)
      JOIN users ON users.workspace_id = $1 AND users.uid = sent.uid ORDER BY position
      RETURNING name, value`,
    values: ({ input: { events } }) => [
      events.map(({ uid }) => uid),
      events.map(({ name }) => name),
      events.map(({ value }) => JSON.stringify(value)),
      events.map(({ properties }) => JSON.stringify(properties)),
      events.map(({ timestamp }) => timestamp),
    ],
    toData: (rows) => {
      const items = list(
        rows,
        ([name, value]) => `{"result":{"event":{"name":${string(name)},"value":${json(value)}}}}`,
      );
      return `{"addEvents":{"addedCount":${rows.length},"items":${items}}}`;
    },
  },
  UpsertUser: {
    text: `INSERT INTO users (workspace_id, id, uid, meta, created_at, updated_at)
      VALUES ($1, uuidv7(), $2, $3, now(), now())
      ON CONFLICT (workspace_id, uid) DO UPDATE SET meta = users.meta || excluded.meta, updated_at = now()
      RETURNING uid, first_name, meta`,
    values: ({ input: { uid, meta } }) => [uid, meta],
    toData: updatedUser(true),
  },
  UpdateUser: {
    text: `UPDATE users SET meta = meta || $3, updated_at = now() WHERE workspace_id = $1 AND uid = $2
      RETURNING uid, first_name, meta`,
    values: ({ input: { uid, meta } }) => [uid, meta],
    toData: updatedUser(false),
  },
};
