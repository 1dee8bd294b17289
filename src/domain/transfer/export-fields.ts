import { Prisma } from '../../db/generated/client.ts';
import { toInstant } from '../../db/reading/instant.ts';
import { isJsonObject } from '../shared/attributes.ts';

/** What can be exported. */
export const exportTypes = ['users', 'events', 'lists'] as const;

/** One of `exportTypes`. */
export type ExportType = (typeof exportTypes)[number];

/** A field of exported records. */
export interface ExportField {
  readonly name: string;
  /** SQL of its value. */
  readonly sql: Prisma.Sql;
  /** Converts the value from JSON; undefined for a value that is left out. Nulls are always left out. */
  convert?(value: unknown): unknown;
  /** `attributes` for an object of attributes, `any` for a text, number or boolean. Other fields have one type. */
  readonly type?: 'attributes' | 'any';
}

/** The rows of some consecutive ids. */
export interface IdRange {
  workspaceId: string;
  /** Exclusive. */
  after: string;
  /** Inclusive. */
  last: string;
}

/** The rows of a type of record. */
export interface ExportSource {
  readonly table: Prisma.Sql;
  /** In the order of a record. */
  readonly fields: readonly ExportField[];
  /** FROM and WHERE of the rows of a range, before further conditions. */
  from(range: IdRange): Prisma.Sql;
}

const instant = (value: unknown) => toInstant(String(value));

/** Converts an instant that can have microseconds, from JSON. */
function exactInstant(value: unknown): string {
  const text = String(value);
  const [, seconds, fraction = ''] = /^(.{10}T.{8})(?:\.(\d{1,6}))?\+00:00$/.exec(text) ?? [];
  return seconds === undefined ? text : `${seconds}.${fraction.padEnd(3, '0')}Z`;
}

const trueOnly = (value: unknown) => value === true || undefined;

const unlessEmpty = (value: unknown) => (isJsonObject(value) && Object.keys(value).length > 0 ? value : undefined);

/** Converts an array of arrays to an array of objects. */
const objects = (toObject: (row: unknown[]) => object) => (value: unknown) =>
  Array.isArray(value) ? value.map(toObject) : undefined;

const within = ({ workspaceId, after, last }: IdRange, workspaceColumn: Prisma.Sql, idColumn: Prisma.Sql) =>
  Prisma.sql`${workspaceColumn} = ${workspaceId}::uuid AND ${idColumn} > ${after}::uuid AND ${idColumn} <= ${last}::uuid`;

const users: ExportSource = {
  table: Prisma.sql`users`,
  fields: [
    { name: 'uid', sql: Prisma.sql`users.uid` },
    // Also if it is false: the import then restores the user as it was, and claims no other with the same address.
    { name: 'uidUpdateable', sql: Prisma.sql`users.uid_updateable` },
    { name: 'firstName', sql: Prisma.sql`users.first_name` },
    { name: 'lastName', sql: Prisma.sql`users.last_name` },
    { name: 'number', sql: Prisma.sql`users.number` },
    { name: 'email', sql: Prisma.sql`users.email` },
    { name: 'isAccount', sql: Prisma.sql`users.is_account`, convert: trueOnly },
    { name: 'timeZone', sql: Prisma.sql`users.time_zone` },
    { name: 'appVersion', sql: Prisma.sql`users.app_version` },
    { name: 'appBuild', sql: Prisma.sql`users.app_build` },
    { name: 'appLastActiveAt', sql: Prisma.sql`users.app_last_active_at`, convert: instant },
    { name: 'createdAt', sql: Prisma.sql`users.created_at`, convert: instant },
    { name: 'meta', sql: Prisma.sql`users.meta`, convert: unlessEmpty, type: 'attributes' },
    {
      name: 'devices',
      sql: Prisma.sql`user_devices.devices`,
      convert: objects(([token, platform, at]) => ({ token, platform, lastSeenAt: exactInstant(at) })),
    },
    {
      name: 'lists',
      sql: Prisma.sql`user_lists.lists`,
      convert: objects(([id, subscribed, at]) => ({ id, subscribed, joinedAt: instant(at) })),
    },
  ],
  from: (range) => Prisma.sql`FROM users
    LEFT JOIN (
      SELECT user_id, json_agg(json_build_array(token, platform, last_seen_at) ORDER BY last_seen_at DESC, token) AS devices
      FROM devices WHERE ${within(range, Prisma.sql`workspace_id`, Prisma.sql`user_id`)} GROUP BY user_id
    ) AS user_devices ON user_devices.user_id = users.id
    LEFT JOIN (
      SELECT user_id, json_agg(json_build_array(list_id, subscribed, joined_at) ORDER BY list_id) AS lists
      FROM list_memberships WHERE ${within(range, Prisma.sql`workspace_id`, Prisma.sql`user_id`)} GROUP BY user_id
    ) AS user_lists ON user_lists.user_id = users.id
    WHERE ${within(range, Prisma.sql`users.workspace_id`, Prisma.sql`users.id`)}`,
};

const events: ExportSource = {
  table: Prisma.sql`events`,
  fields: [
    { name: 'uid', sql: Prisma.sql`users.uid` },
    { name: 'name', sql: Prisma.sql`events.name` },
    { name: 'value', sql: Prisma.sql`events.value`, type: 'any' },
    { name: 'properties', sql: Prisma.sql`events.properties`, convert: unlessEmpty, type: 'attributes' },
    { name: 'timestamp', sql: Prisma.sql`events.timestamp`, convert: instant },
  ],
  // Events of deleted users that are not erased yet have no user.
  from: (range) => Prisma.sql`FROM events
    JOIN users ON users.workspace_id = ${range.workspaceId}::uuid AND users.id = events.user_id
    WHERE ${within(range, Prisma.sql`events.workspace_id`, Prisma.sql`events.id`)}`,
};

const lists: ExportSource = {
  table: Prisma.sql`lists`,
  fields: [
    { name: 'id', sql: Prisma.sql`lists.id` },
    { name: 'title', sql: Prisma.sql`lists.title` },
    { name: 'description', sql: Prisma.sql`lists.description` },
    { name: 'createdAt', sql: Prisma.sql`lists.created_at`, convert: instant },
    { name: 'archivedAt', sql: Prisma.sql`lists.archived_at`, convert: instant },
  ],
  from: (range) => Prisma.sql`FROM lists WHERE ${within(range, Prisma.sql`lists.workspace_id`, Prisma.sql`lists.id`)}`,
};

export const exportSources: Readonly<Record<ExportType, ExportSource>> = { users, events, lists };
