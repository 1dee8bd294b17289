import { COUNT_CAP } from '../contestants/response-schemas.ts';
import { EVENT_PAGE_SIZE, PAGE_SIZE } from '../operations.ts';

/** The variables of all operations; each statement reads those of its own operation. */
export interface Variables {
  uid: string;
  after?: string;
  representations: { uid: string }[];
  input: {
    uid: string;
    meta: object;
    name: string;
    value: unknown;
    properties: object;
    timestamp: string;
  };
}

/** A statement that returns the `data` of a response as JSON text. $1 is the workspace. */
interface Statement {
  text: string;
  values(variables: Variables): unknown[];
}

/** Greater than any user's id. */
const MAX_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

const devicesOf = (userId: string) => `(
  SELECT coalesce(json_agg(json_build_object('platform', platform, 'lastSeenAt', last_seen_at) ORDER BY last_seen_at DESC), '[]')
  FROM devices WHERE workspace_id = $1 AND user_id = ${userId})`;

const event = `json_build_object('name', name, 'value', value, 'properties', properties, 'timestamp', timestamp)`;

const userFields = `'uid', uid, 'firstName', first_name, 'email', email`;

/** Statements by the name of the operation in the GraphQL document. */
export const statements: Readonly<Record<string, Statement>> = {
  User: {
    text: `SELECT json_build_object('user', json_build_object(${userFields}, 'lastName', last_name, 'meta', meta,
        'createdAt', created_at, 'devices', ${devicesOf('users.id')}))::text AS data
      FROM users WHERE workspace_id = $1 AND uid = $2`,
    values: ({ uid }) => [uid],
  },
  Page: {
    text: `WITH page AS MATERIALIZED (
        SELECT id, uid, first_name, email, created_at FROM users WHERE workspace_id = $1 AND id < $2
        ORDER BY id DESC LIMIT ${PAGE_SIZE + 1}
      ), shown AS (SELECT * FROM page ORDER BY id DESC LIMIT ${PAGE_SIZE})
      SELECT json_build_object('users', json_build_object(
        'nodes', (SELECT json_agg(json_build_object(${userFields}, 'createdAt', created_at,
          'devices', ${devicesOf('shown.id')},
          'events', json_build_object('nodes', (
            SELECT coalesce(json_agg(${event} ORDER BY id DESC), '[]')
            FROM (
              SELECT id, name, value, properties, timestamp FROM events
              WHERE workspace_id = $1 AND user_id = shown.id ORDER BY id DESC LIMIT ${EVENT_PAGE_SIZE}
            ) AS newest))
          ) ORDER BY id DESC) FROM shown),
        'pageInfo', json_build_object('hasNextPage', (SELECT count(*) > ${PAGE_SIZE} FROM page),
          'endCursor', (SELECT id FROM shown ORDER BY id LIMIT 1))))::text AS data`,
    values: ({ after = MAX_ID }) => [after],
  },
  Count: {
    text: `SELECT json_build_object('users', json_build_object(
        'totalCount', (SELECT count(*) FROM (SELECT FROM users WHERE workspace_id = $1 LIMIT ${COUNT_CAP}) AS counted),
        'nodes', (SELECT json_agg(json_build_object(${userFields}) ORDER BY id DESC)
          FROM (SELECT * FROM users WHERE workspace_id = $1 ORDER BY id DESC LIMIT ${PAGE_SIZE}) AS shown)))::text AS data`,
    values: () => [],
  },
  Entities: {
    text: `SELECT json_build_object('_entities', json_agg(
        CASE WHEN id IS NOT NULL THEN json_build_object(${userFields}, 'meta', meta) END ORDER BY position))::text AS data
      FROM unnest($2::text[]) WITH ORDINALITY AS requested(uid, position)
      LEFT JOIN users USING (uid) WHERE workspace_id = $1`,
    values: ({ representations }) => [representations.map(({ uid }) => uid)],
  },
  AddEvent: {
    text: `INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
      SELECT $1, uuidv7(), id, $3, $4, $5, $6 FROM users WHERE workspace_id = $1 AND uid = $2
      RETURNING json_build_object('addEvent', json_build_object('event', ${event}))::text AS data`,
    values: ({ input: { uid, name, value, properties, timestamp } }) => [
      uid,
      name,
      JSON.stringify(value),
      properties,
      timestamp,
    ],
  },
  UpsertUser: {
    text: `INSERT INTO users (workspace_id, id, uid, meta, created_at, updated_at)
      VALUES ($1, uuidv7(), $2, $3, now(), now())
      ON CONFLICT (workspace_id, uid) DO UPDATE SET meta = users.meta || excluded.meta, updated_at = now()
      RETURNING json_build_object('updateUser', json_build_object('created', true,
        'user', json_build_object('uid', uid, 'firstName', first_name, 'meta', meta)))::text AS data`,
    values: ({ input: { uid, meta } }) => [uid, meta],
  },
  UpdateUser: {
    text: `UPDATE users SET meta = meta || $3, updated_at = now() WHERE workspace_id = $1 AND uid = $2
      RETURNING json_build_object('updateUser', json_build_object('created', false,
        'user', json_build_object('uid', uid, 'firstName', first_name, 'meta', meta)))::text AS data`,
    values: ({ input: { uid, meta } }) => [uid, meta],
  },
};
