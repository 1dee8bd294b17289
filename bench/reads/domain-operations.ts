import type { WriteDb } from '../../src/db/client.ts';
import { readPages } from '../../src/db/reading/keyset.ts';
import { readDevices } from '../../src/domain/devices/device.ts';
import { addEvent } from '../../src/domain/events/add.ts';
import { eventsSource } from '../../src/domain/events/event.ts';
import { nameOfKey } from '../../src/domain/shared/actor.ts';
import { readUsers, readUsersPage } from '../../src/domain/users/read.ts';
import { EVENT_PAGE_SIZE, PAGE_SIZE } from '../operations.ts';
import type { Operations } from './operations.ts';

/** The operations, implemented with the domain's functions. `db` decides how their statements are sent. */
export function domainOperations(db: WriteDb, workspaceId: string): Operations {
  const events = eventsSource(workspaceId);
  return {
    user: async (uid) => (await readUsers(db, workspaceId, [{ uid }]))[0],
    devices: (userIds) => readDevices(db, workspaceId, userIds),
    page: async (after) => {
      const bound = { side: 'after', id: after } as const;
      const { rows, hasNextPage } = await readUsersPage(db, workspaceId, { size: PAGE_SIZE, from: 'start', bound });
      const ids = rows.map(({ id }) => id);
      const eventPages = await readPages(db, events, ids, { size: EVENT_PAGE_SIZE, from: 'start' });
      return {
        hasNextPage,
        users: rows.map((user) => {
          const { rows = [], hasNextPage = false } = eventPages.get(user.id) ?? {};
          return { ...user, events: { rows, hasNextPage } };
        }),
      };
    },
    addEvent: (input) =>
      addEvent(
        db,
        { workspaceId, actorName: nameOfKey('bench'), scopes: new Set() },
        { ...input, timestamp: new Date(input.timestamp) },
      ),
  };
}
