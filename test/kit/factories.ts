import { v7 as uuidv7 } from 'uuid';
import type { DatabaseClient } from '../../src/db/client.ts';
import type { Prisma } from '../../src/db/generated/client.ts';
import { encodeGlobalId } from '../../src/graphql/schema/global-id.ts';

/** The workspace that gets the rows: the result of `startApp`, or its `stranger` with the database. */
interface Owner {
  db: DatabaseClient;
  workspaceId: string;
}

/** The ids of a row: the UUID in the database, and the one in the GraphQL API. */
interface RowIds {
  id: string;
  globalId: string;
}

type UserFields = Partial<Omit<Prisma.UserUncheckedCreateInput, 'id' | 'workspaceId'>>;

/** Inserts a user. */
export async function addUser({ db, workspaceId }: Owner, fields: UserFields = {}): Promise<RowIds & { uid: string }> {
  const id = uuidv7();
  const now = new Date();
  const data = { uid: `u${id.replaceAll('-', '')}`, createdAt: now, updatedAt: now, ...fields, id, workspaceId };
  await db.user.create({ data });
  return { id, globalId: encodeGlobalId('User', id), uid: data.uid };
}

/** Inserts a user as an import does, without a uid of the application: the uid is the e-mail address. */
export function importUser(owner: Owner, email: string, fields: UserFields = {}): Promise<RowIds & { uid: string }> {
  return addUser(owner, { uid: email, email, uidUpdateable: true, ...fields });
}

type ListFields = Partial<Omit<Prisma.ListUncheckedCreateInput, 'id' | 'workspaceId'>>;

/** Inserts a list. */
export async function addList({ db, workspaceId }: Owner, fields: ListFields = {}): Promise<RowIds> {
  const id = uuidv7();
  await db.list.create({ data: { title: 'News', createdAt: new Date(), ...fields, id, workspaceId } });
  return { id, globalId: encodeGlobalId('List', id) };
}

/** Inserts a user's membership in a list. */
export async function addToList(
  { db, workspaceId }: Owner,
  list: RowIds,
  user: RowIds,
  subscribed: boolean = true,
): Promise<void> {
  const data = { workspaceId, listId: list.id, userId: user.id, subscribed, joinedAt: new Date() };
  await db.listMembership.create({ data });
}

/** Inserts devices of a user with these tokens, least recently seen first. */
export async function addDevices({ db, workspaceId }: Owner, user: RowIds, tokens: string[]): Promise<void> {
  const data = tokens.map((token, day) => ({
    workspaceId,
    userId: user.id,
    token,
    platform: 'android' as const,
    lastSeenAt: new Date(Date.UTC(2026, 0, 1 + day)),
  }));
  await db.device.createMany({ data });
}

/** Inserts a segment. */
export async function addSegment({ db, workspaceId }: Owner, name: string): Promise<RowIds> {
  const id = uuidv7();
  await db.segment.create({ data: { workspaceId, id, definitionId: id, name, createdAt: new Date() } });
  return { id, globalId: encodeGlobalId('Segment', id) };
}

/** Inserts a user's membership in a segment. */
export async function addToSegment(
  { db, workspaceId }: Owner,
  segment: RowIds,
  user: RowIds,
  suppressed: boolean = false,
): Promise<void> {
  const data = { workspaceId, segmentId: segment.id, definitionId: segment.id, userId: user.id, suppressed };
  await db.segmentMembership.create({ data });
}

/** Counts the rows about users, per table; with the `db` of `startApp`, those of the test's two workspaces. */
export async function countRows({ db }: Pick<Owner, 'db'>) {
  return {
    users: await db.user.count(),
    devices: await db.device.count(),
    listMemberships: await db.listMembership.count(),
    segmentMemberships: await db.segmentMembership.count(),
    events: await db.event.count(),
  };
}

/** The result of `countRows` without any row. */
export const noRows = { users: 0, devices: 0, listMemberships: 0, segmentMemberships: 0, events: 0 } as const;
