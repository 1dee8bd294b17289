import type { DatabaseClient } from '../../../src/db/client.ts';
import { addDevices, addSegment, addToSegment, importUser } from '../factories.ts';
import { rowId, seedLists } from '../seed-rows.ts';

/** The workspace of an API. */
interface Place {
  db: DatabaseClient;
  workspaceId: string;
}

/** Ids of lists, the same in both workspaces. */
export const lists = { open: rowId(1), archived: rowId(2), missing: rowId(3) } as const;

/** The state before the first command. */
export interface Scene {
  /** Number of imported users; the first and the third have the same e-mail address. */
  imported: number;
  /** Number of devices of the first one. */
  devices: number;
}

const imports = [
  { uid: 'ada@example.com', email: 'ada@example.com' },
  { uid: 'bo@example.com', email: 'bo@example.com' },
  { uid: 'import3', email: 'ada@example.com' },
];

/** Inserts the lists of all scenes. */
export async function putLists(place: Place): Promise<void> {
  const { db, workspaceId } = place;
  await seedLists(place, [1, 2]);
  await db.list.update({
    where: { workspaceId_id: { workspaceId, id: lists.archived } },
    data: { archivedAt: new Date(0) },
  });
}

/** Replaces the users and segments of a workspace by those of a scene. */
export async function putScene(place: Place, { imported, devices }: Scene): Promise<void> {
  const { db, workspaceId } = place;
  await db.user.deleteMany({ where: { workspaceId } });
  await db.event.deleteMany({ where: { workspaceId } });
  await db.segment.deleteMany({ where: { workspaceId } });
  for (const [nth, { uid, email }] of imports.slice(0, imported).entries()) {
    const user = await importUser(place, email, { uid });
    if (nth > 0) continue;
    await addDevices(
      place,
      user,
      Array.from({ length: devices }, (_, number) => `token${number}`),
    );
    await addToSegment(place, await addSegment(place, 'Pro'), user, true);
  }
}

const DAY = 24 * 60 * 60 * 1000;

/** An instant, or `now` for recent ones: the two APIs are not called in the same millisecond. */
export const time = (date: Date) => (Math.abs(Date.now() - date.getTime()) < DAY ? 'now' : date.toISOString());

/** All rows of a workspace except keys, without generated ids, in the order of creation; devices in the order of registration. */
export async function rowsOf({ db, workspaceId }: Place) {
  const where = { workspaceId };
  const users = await db.user.findMany({
    where,
    orderBy: { id: 'asc' },
    include: {
      devices: { orderBy: { lastSeenAt: 'asc' } },
      lists: { orderBy: { listId: 'asc' } },
    },
  });
  const memberships = await db.segmentMembership.findMany({ where });
  const events = await db.event.findMany({ where, orderBy: { id: 'asc' } });
  const segments = await db.segment.findMany({ where });
  const storedLists = await db.list.findMany({ where, orderBy: { id: 'asc' } });
  return {
    lists: storedLists.map(({ id, title, archivedAt }) => ({ id, title, archivedAt })),
    segments: segments.map(({ name }) => ({ name })),
    users: users.map(({ workspaceId: _, id, createdAt, updatedAt, ...user }) => ({
      ...user,
      createdAt: time(createdAt),
      updatedAt: time(updatedAt),
      devices: user.devices.map(({ token, platform }) => ({ token, platform })),
      lists: user.lists.map(({ listId, subscribed, joinedAt }) => ({ listId, subscribed, joinedAt: time(joinedAt) })),
      segments: memberships
        .filter(({ userId }) => userId === id)
        .map(({ segmentId, suppressed }) => ({
          name: segments.find((segment) => segment.id === segmentId)?.name,
          suppressed,
        })),
      events: events
        .filter(({ userId }) => userId === id)
        .map(({ name, value, properties, timestamp }) => ({ name, value, properties, timestamp: time(timestamp) })),
    })),
  };
}
