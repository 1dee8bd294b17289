import { v7 as uuidv7 } from 'uuid';
import type { Models } from '../../src/db/client.ts';
import { PAGE, PAGE_EVENTS } from '../questions.ts';
import type { Operations } from './operations.ts';

const userFields = {
  id: true,
  uid: true,
  uidUpdateable: true,
  firstName: true,
  lastName: true,
  number: true,
  email: true,
  meta: true,
  createdAt: true,
  updatedAt: true,
} as const;

const eventFields = { id: true, userId: true, name: true, value: true, properties: true, timestamp: true } as const;

/** The operations by Prisma's models, as they would be written by hand in place of the domain's statements. */
export function byModels(prisma: Models, workspaceId: string): Operations {
  const newestEvents = { orderBy: { id: 'desc' }, take: PAGE_EVENTS + 1, select: eventFields } as const;
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
      const found = await prisma.user.findMany({
        where: { workspaceId, id: { lt: after } },
        orderBy: { id: 'desc' },
        take: PAGE + 1,
        select: userFields,
      });
      const page = found.slice(0, PAGE);
      // Events have no relation to users: a query for each.
      const events = await Promise.all(
        page.map(({ id: userId }) => prisma.event.findMany({ where: { workspaceId, userId }, ...newestEvents })),
      );
      return {
        hasNextPage: found.length > PAGE,
        users: page.map((user, place) => {
          const rows = events[place] ?? [];
          return { ...user, events: { rows: rows.slice(0, PAGE_EVENTS), hasNextPage: rows.length > PAGE_EVENTS } };
        }),
      };
    },
    addEvent: async ({ uid, userId: _unused, ...input }) => {
      const { id: userId } = await prisma.user.findUniqueOrThrow({ where: { workspaceId_uid: { workspaceId, uid } } });
      return prisma.event.create({ data: { id: uuidv7(), ...input, workspaceId, userId }, select: eventFields });
    },
  };
}
