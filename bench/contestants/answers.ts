import { z } from 'zod';

/** What answers are compared by: the same for all contestants, whatever the dress that their lists and times come in. */

/** A time, in whatever notation. */
const instant = z.string().transform((text) => new Date(text).toISOString());

/** A list, or a connection's page. */
function listOf<Item>(item: z.ZodType<Item>): z.ZodType<Item[]> {
  const edge = z.object({ node: item }).transform(({ node }) => node);
  return z.union([
    z.array(item),
    z.object({ nodes: z.array(item) }).transform(({ nodes }) => nodes),
    z.object({ edges: z.array(edge) }).transform(({ edges }) => edges),
  ]);
}

const device = z.object({ platform: z.string().toLowerCase(), lastSeenAt: instant });

const event = z.object({ name: z.string(), value: z.json(), properties: z.json(), timestamp: instant });

const person = { uid: z.string(), firstName: z.string(), email: z.string() };

/** One user with devices. */
export const userAnswer = z.object({
  user: z.object({
    ...person,
    lastName: z.string(),
    meta: z.json(),
    createdAt: instant,
    devices: listOf(device),
  }),
});

const pageUser = z.object({ ...person, createdAt: instant, devices: listOf(device), events: listOf(event) });

/** A page of users with their devices and events. Cursors are each contestant's own. */
export const pageAnswer = z.object({
  users: z
    .object({ pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string() }) })
    .loose()
    .transform((users, context) => {
      const items = listOf(pageUser).safeParse(users);
      if (!items.success) context.addIssue({ code: 'custom', message: z.prettifyError(items.error) });
      return { items: items.data, hasNextPage: users.pageInfo.hasNextPage };
    }),
});

/** Where usergraph stops counting; the others count on. */
export const COUNT_CAP = 25_000;

/** A page of users by name, with how many there are. */
export const countAnswer = z.object({
  users: z
    .object({ totalCount: z.number().transform((count) => Math.min(count, COUNT_CAP)) })
    .loose()
    .transform((users, context) => {
      const items = listOf(z.object(person)).safeParse(users);
      if (!items.success) context.addIssue({ code: 'custom', message: z.prettifyError(items.error) });
      return { items: items.data, totalCount: users.totalCount };
    }),
});

/** Users at their representations' places. */
export const entitiesAnswer = z.object({ _entities: z.array(z.object({ ...person, meta: z.json() })) });

/** The event that was added. */
export const addEventAnswer = z.object({ addEvent: z.object({ event }) });

/** The user after the update; without a first name where the update has created them. */
export const updateUserAnswer = z.object({
  updateUser: z.object({ user: z.object({ uid: z.string(), firstName: z.string().nullable(), meta: z.json() }) }),
});
