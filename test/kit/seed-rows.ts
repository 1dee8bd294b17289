import type { DatabaseClient } from '../../src/db/client.ts';
import { Prisma } from '../../src/db/generated/client.ts';
import { encodeGlobalId, type NodeType } from '../../src/graphql/schema/global-id.ts';

/** Where rows are put: the `db` and the `workspaceId` of a started app will do. */
export interface Place {
  db: DatabaseClient;
  workspaceId: string;
}

/** The UUID of the row with a number: the greater the number, the newer the row. */
export function rowId(number: number): string {
  return `01900000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** The global id of the row with a number. */
export function rowGlobalId(type: NodeType, number: number): string {
  return encodeGlobalId(type, rowId(number));
}

/** Numbers in steps of ten from `from`, so that there is room between two rows. */
export function tens(count: number, from = 10): number[] {
  return Array.from({ length: count }, (_, place) => from + place * 10);
}

/** The same id as `rowId`, of `n` in SQL. */
const idOfN = Prisma.sql`('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;

/** Puts users `u<number>` with these numbers; those that there are already stay. */
export async function seedUsers({ db, workspaceId }: Place, numbers: readonly number[]): Promise<void> {
  await db.$executeRaw`
    INSERT INTO users (workspace_id, id, uid, email, created_at, updated_at)
    SELECT ${workspaceId}::uuid, ${idOfN}, 'u' || n, 'u' || n || '@example.com', now(), now()
    FROM unnest(${numbers}::int[]) AS n ON CONFLICT DO NOTHING`;
}

/** Gives each of these users a device `token<number>`. */
export async function seedDevices({ db, workspaceId }: Place, users: readonly number[]): Promise<void> {
  await db.$executeRaw`
    INSERT INTO devices (workspace_id, token, user_id, platform, last_seen_at)
    SELECT ${workspaceId}::uuid, 'token' || n, ${idOfN}, 'ios', now() FROM unnest(${users}::int[]) AS n`;
}

/** Puts lists `List <number>`. */
export async function seedLists({ db, workspaceId }: Place, numbers: readonly number[]): Promise<void> {
  await db.$executeRaw`
    INSERT INTO lists (workspace_id, id, title, created_at)
    SELECT ${workspaceId}::uuid, ${idOfN}, 'List ' || n, now()
    FROM unnest(${numbers}::int[]) AS n ON CONFLICT DO NOTHING`;
}

/** Puts users on a list; they and the list are made where they are missing. */
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

/** Puts segments `Segment <number>`. */
export async function seedSegments({ db, workspaceId }: Place, numbers: readonly number[]): Promise<void> {
  await db.$executeRaw`
    INSERT INTO segments (workspace_id, id, name, created_at)
    SELECT ${workspaceId}::uuid, ${idOfN}, 'Segment ' || n, now()
    FROM unnest(${numbers}::int[]) AS n ON CONFLICT DO NOTHING`;
}

/** Puts users in a segment; they and the segment are made where they are missing. */
export async function seedSegmentMembers(place: Place, segment: number, users: readonly number[]): Promise<void> {
  await seedSegments(place, [segment]);
  await seedUsers(place, users);
  await place.db.$executeRaw`
    INSERT INTO segment_memberships (workspace_id, segment_id, user_id)
    SELECT ${place.workspaceId}::uuid, ${rowId(segment)}::uuid, ${idOfN} FROM unnest(${users}::int[]) AS n`;
}

/** Puts events of a user, who is made where they are missing. */
export async function seedEvents(place: Place, user: number, numbers: readonly number[], name = 'Paid'): Promise<void> {
  await seedUsers(place, [user]);
  await place.db.$executeRaw`
    INSERT INTO events (workspace_id, id, user_id, name, timestamp)
    SELECT ${place.workspaceId}::uuid, ${idOfN}, ${rowId(user)}::uuid, ${name}, now()
    FROM unnest(${numbers}::int[]) AS n`;
}
