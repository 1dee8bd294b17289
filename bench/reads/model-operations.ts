import { v7 as uuidv7 } from 'uuid';
import type { Models } from '../../src/db/client.ts';
import type { User } from '../../src/domain/users/user.ts';
import { EVENT_PAGE_SIZE, PAGE_SIZE } from '../operations.ts';
import type { Operations } from './operations.ts';

const userFields = {
  id: true,
  uid: true,
  uidUpdateable: true,
  firstName: true,
  lastName: true,
  number: true,
  email: true,
  isAccount: true,
  timeZone: true,
  appVersion: true,
  appBuild: true,
  appLastActiveAt: true,
  meta: true,
  createdAt: true,
  updatedAt: true,
} as const satisfies Record<keyof User, true>;

const eventFields = { id: true, userId: true, name: true, value: true, properties: true, timestamp: true } as const;

/** The operations, implemented with Prisma models, as one would write them instead of the domain's statements. */
export function modelOperations(prisma: Models, workspaceId: string): Operations {
  const newestEvents = { orderBy: { id: 'desc' }, take: EVENT_PAGE_SIZE + 1, select: eventFields } as const;
  return {
    user: (uid) => prisma.user.findUnique({ where: { workspaceId_uid: { workspaceId, uid } }, select: userFields }),
    devices: async (userIds) => {
      const devices = await prisma.device.findMany({
        where: { workspaceId, userId: { in: [...userIds] } },
        orderBy: [{ userId: 'asc' }, { lastSeenAt: 'desc' }, { token: 'asc' }],
        select: { token: true, platform: true, lastSeenAt: true, userId: true },
      });
      return Map.groupBy(devices, (device) => device.userId);
    },
    page: async (after) => {
      const usersAfter = await prisma.user.findMany({
        where: { workspaceId, id: { lt: after } },
        orderBy: { id: 'desc' },
        take: PAGE_SIZE + 1,
        select: userFields,
      });
      const page = usersAfter.slice(0, PAGE_SIZE);
      // The schema has no relation between users and events, so each user needs a query.
      const events = await Promise.all(
        page.map(({ id: userId }) => prisma.event.findMany({ where: { workspaceId, userId }, ...newestEvents })),
      );
      return {
        hasNextPage: usersAfter.length > PAGE_SIZE,
        users: page.map((user, index) => {
          const rows = events[index] ?? [];
          return {
            ...user,
            events: { rows: rows.slice(0, EVENT_PAGE_SIZE), hasNextPage: rows.length > EVENT_PAGE_SIZE },
          };
        }),
      };
    },
    addEvent: async ({ uid, userId: _unused, ...input }) => {
      const { id: userId } = await prisma.user.findUniqueOrThrow({ where: { workspaceId_uid: { workspaceId, uid } } });
      return prisma.event.create({ data: { id: uuidv7(), ...input, workspaceId, userId }, select: eventFields });
    },
  };
}
