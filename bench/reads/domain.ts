import type { Db } from '../../src/db/client.ts';
import { readPages } from '../../src/db/reading/keyset.ts';
import { readDevices } from '../../src/domain/devices/device.ts';
import { addEvent } from '../../src/domain/events/add.ts';
import { eventsSource } from '../../src/domain/events/event.ts';
import { nameOfKey } from '../../src/domain/shared/actor.ts';
import { readUsers, readUsersPage } from '../../src/domain/users/read.ts';
import { PAGE, PAGE_EVENTS } from '../questions.ts';
import type { Operations } from './operations.ts';

/** The operations by the domain's own functions and their SQL; only what carries the statements differs. */
export function byDomain(db: Db, workspaceId: string): Operations {
  const events = eventsSource(workspaceId);
  return {
    user: async (uid) => (await readUsers(db, workspaceId, [{ uid }]))[0],
    devices: (userIds) => readDevices(db, workspaceId, userIds),
    page: async (after) => {
      const bound = { side: 'older', key: after } as const;
      const { rows, hasNextPage } = await readUsersPage(db, workspaceId, { size: PAGE, from: 'newest', bound });
      const ids = rows.map(({ id }) => id);
      const slices = await readPages(db, events, ids, { size: PAGE_EVENTS, from: 'newest' });
      return {
        hasNextPage,
        users: rows.map((user) => {
          const { rows = [], hasNextPage = false } = slices.get(user.id) ?? {};
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
