import { v7 as uuidv7 } from 'uuid';
import type { DatabaseClient } from '../../src/db/client.ts';
import type { Prisma } from '../../src/db/generated/client.ts';
import { encodeGlobalId } from '../../src/graphql/schema/global-id.ts';

/** Whose rows are made: what `startApp` gives fits, and so does its `stranger` with the database. */
interface Owner {
  db: DatabaseClient;
  workspaceId: string;
}

/** A row under its two names. */
interface Made {
  /** UUID of the row. */
  id: string;
  globalId: string;
}

type UserFields = Partial<Omit<Prisma.UserUncheckedCreateInput, 'id' | 'workspaceId'>>;

/** Adds a user straight to the database. */
export async function addUser({ db, workspaceId }: Owner, fields: UserFields = {}): Promise<Made & { uid: string }> {
  const id = uuidv7();
  const now = new Date();
  const data = { uid: `u${id.replaceAll('-', '')}`, createdAt: now, updatedAt: now, ...fields, id, workspaceId };
  await db.user.create({ data });
  return { id, globalId: encodeGlobalId('User', id), uid: data.uid };
}

/** Adds a user as an import does, without a uid of the application: the uid is the e-mail address. */
export function importUser(owner: Owner, email: string, fields: UserFields = {}): Promise<Made & { uid: string }> {
  return addUser(owner, { uid: email, email, uidUpdateable: true, ...fields });
}

type ListFields = Partial<Omit<Prisma.ListUncheckedCreateInput, 'id' | 'workspaceId'>>;

/** Adds a list straight to the database. */
export async function addList({ db, workspaceId }: Owner, fields: ListFields = {}): Promise<Made> {
  const id = uuidv7();
  await db.list.create({ data: { title: 'News', createdAt: new Date(), ...fields, id, workspaceId } });
  return { id, globalId: encodeGlobalId('List', id) };
}

/** Puts a user on a list. */
export async function addToList(
  { db, workspaceId }: Owner,
  list: Made,
  user: Made,
  subscribed: boolean = true,
): Promise<void> {
  const data = { workspaceId, listId: list.id, userId: user.id, subscribed, joinedAt: new Date() };
  await db.listMembership.create({ data });
}

/** Gives a user devices with these tokens, the first seen longest ago. */
export async function addDevices({ db, workspaceId }: Owner, user: Made, tokens: string[]): Promise<void> {
  const data = tokens.map((token, day) => ({
    workspaceId,
    userId: user.id,
    token,
    platform: 'android' as const,
    lastSeenAt: new Date(Date.UTC(2026, 0, 1 + day)),
  }));
  await db.device.createMany({ data });
}

/** Adds a segment. */
export async function addSegment({ db, workspaceId }: Owner, name: string): Promise<Made> {
  const id = uuidv7();
  await db.segment.create({ data: { workspaceId, id, name, createdAt: new Date() } });
  return { id, globalId: encodeGlobalId('Segment', id) };
}

/** Puts a user into a segment. */
export async function addToSegment(
  { db, workspaceId }: Owner,
  segment: Made,
  user: Made,
  suppressed: boolean = false,
): Promise<void> {
  await db.segmentMembership.create({ data: { workspaceId, segmentId: segment.id, userId: user.id, suppressed } });
}

/** Counts the rows of every table that holds something about users, in all workspaces. */
export async function countRows({ db }: Pick<Owner, 'db'>) {
  return {
    users: await db.user.count(),
    devices: await db.device.count(),
    listMemberships: await db.listMembership.count(),
    segmentMemberships: await db.segmentMembership.count(),
    events: await db.event.count(),
  };
}

/** What `countRows` gives where there is nothing. */
export const noRows = { users: 0, devices: 0, listMemberships: 0, segmentMemberships: 0, events: 0 } as const;
