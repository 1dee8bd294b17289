import type { DatabaseClient } from '../../src/db/client.ts';
import { Prisma } from '../../src/db/generated/client.ts';
import { encodeGlobalId, type NodeType } from '../../src/graphql/schema/global-id.ts';

/** The workspace that gets the rows: the result of `startApp`, for example. */
export interface Place {
  db: DatabaseClient;
  workspaceId: string;
}

/** The UUID of the row with a number. A greater number stands for a newer row. */
export function rowId(number: number): string {
  return `01900000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** The global id of the row with a number. */
export function rowGlobalId(type: NodeType, number: number): string {
  return encodeGlobalId(type, rowId(number));
}

/** Numbers in steps of ten from `from`, which leave room between two rows. */
export function tens(count: number, from = 10): number[] {
  return Array.from({ length: count }, (_, index) => from + index * 10);
}

/** The SQL expression of `rowId(n)`. */
const idOfN = Prisma.sql`('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;

/** Inserts users `u<number>`. Existing ones stay unchanged. */
export async function seedUsers({ db, workspaceId }: Place, numbers: readonly number[]): Promise<void> {
  await db.$executeRaw`
    INSERT INTO users (workspace_id, id, uid, email, created_at, updated_at)
    SELECT ${workspaceId}::uuid, ${idOfN}, 'u' || n, 'u' || n || '@example.com', now(), now()
    FROM unnest(${numbers}::int[]) AS n ON CONFLICT DO NOTHING`;
}

/** Inserts a device `token<number>` of each of these users. */
export async function seedDevices({ db, workspaceId }: Place, users: readonly number[]): Promise<void> {
  await db.$executeRaw`
    INSERT INTO devices (workspace_id, token, user_id, platform, last_seen_at)
    SELECT ${workspaceId}::uuid, 'token' || n, ${idOfN}, 'ios', now() FROM unnest(${users}::int[]) AS n`;
}

/** Inserts lists `List <number>`. Existing ones stay unchanged. */
export async function seedLists({ db, workspaceId }: Place, numbers: readonly number[]): Promise<void> {
  await db.$executeRaw`
    INSERT INTO lists (workspace_id, id, title, created_at)
    SELECT ${workspaceId}::uuid, ${idOfN}, 'List ' || n, now()
    FROM unnest(${numbers}::int[]) AS n ON CONFLICT DO NOTHING`;
}

/** Inserts memberships of users in a list. Missing users and a missing list are inserted too. */
export async function seedListMembers(
  place: Place,
  list: number,
  users: readonly number[],
  subscribed = true,
): Promise<void> {
  await seedLists(place, [list]);
  await seedUsers(place, users);
  await place.db.$executeRaw`
    INSERT INTO list_memberships (workspace_id, list_id, user_id, subscribed, joined_at)
    SELECT ${place.workspaceId}::uuid, ${rowId(list)}::uuid, ${idOfN}, ${subscribed}, now()
    FROM unnest(${users}::int[]) AS n`;
}

/** Inserts segments `Segment <number>`. Existing ones stay unchanged. */
export async function seedSegments({ db, workspaceId }: Place, numbers: readonly number[]): Promise<void> {
  await db.$executeRaw`
    INSERT INTO segments (workspace_id, id, definition_id, name, created_at)
    SELECT ${workspaceId}::uuid, ${idOfN}, ${idOfN}, 'Segment ' || n, now()
    FROM unnest(${numbers}::int[]) AS n ON CONFLICT DO NOTHING`;
}

/** Inserts memberships of users in a segment. Missing users and a missing segment are inserted too. */
export async function seedSegmentMembers(place: Place, segment: number, users: readonly number[]): Promise<void> {
  await seedSegments(place, [segment]);
  await seedUsers(place, users);
  await place.db.$executeRaw`
    INSERT INTO segment_memberships (workspace_id, segment_id, definition_id, user_id)
    SELECT ${place.workspaceId}::uuid, ${rowId(segment)}::uuid, ${rowId(segment)}::uuid, ${idOfN} FROM unnest(${users}::int[]) AS n`;
}

/** Inserts events of a user. A missing user is inserted too. */
export async function seedEvents(place: Place, user: number, numbers: readonly number[], name = 'Paid'): Promise<void> {
  await seedUsers(place, [user]);
  await place.db.$executeRaw`
    INSERT INTO events (workspace_id, id, user_id, name, timestamp)
    SELECT ${place.workspaceId}::uuid, ${idOfN}, ${rowId(user)}::uuid, ${name}, now()
    FROM unnest(${numbers}::int[]) AS n`;
}
