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
        select: { ...userFields, events: newestEvents },
      });
      return {
        hasNextPage: found.length > PAGE,
        users: found.slice(0, PAGE).map(({ events, ...user }) => ({
          ...user,
          events: { rows: events.slice(0, PAGE_EVENTS), hasNextPage: events.length > PAGE_EVENTS },
        })),
      };
    },
    addEvent: ({ uid, userId: _unused, ...input }) =>
      prisma.event.create({
        data: { id: uuidv7(), ...input, user: { connect: { workspaceId_uid: { workspaceId, uid } } } },
        select: eventFields,
      }),
  };
}
