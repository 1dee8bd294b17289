import { z } from 'zod';
import { PAGE_SIZE } from '../operations.ts';

// Schemas that parse the `data` of responses. They normalize time notation, list shape and letter case, so that the responses
// of all servers can be compared.

/** A time in any notation. */
const instant = z.string().transform((text) => new Date(text).toISOString());

/** A plain list, or a connection with `nodes` or `edges`. */
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

const userFields = { uid: z.string(), firstName: z.string(), email: z.string() };

export const typenameData = z.object({ __typename: z.literal('Query') });

export const userData = z.object({
  user: z.object({
    ...userFields,
    lastName: z.string(),
    meta: z.json(),
    createdAt: instant,
    devices: listOf(device),
  }),
});

const pageUser = z.object({ ...userFields, createdAt: instant, devices: listOf(device), events: listOf(event) });

/** A page of users with devices and events. Cursors are not compared: their format differs between servers. */
export const pageData = z.object({
  users: z
    .object({ pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string() }) })
    .loose()
    .transform((users, context) => {
      const items = listOf(pageUser).safeParse(users);
      if (!items.success) context.addIssue({ code: 'custom', message: z.prettifyError(items.error) });
      return { items: items.data, hasNextPage: users.pageInfo.hasNextPage };
    }),
});

/** usergraph and the floor stop counting here; the other servers count all rows. */
export const COUNT_CAP = 25_000;

export const countData = z.object({
  users: z
    .object({ totalCount: z.number().transform((count) => Math.min(count, COUNT_CAP)) })
    .loose()
    .transform((users, context) => {
      const items = listOf(z.object(userFields)).safeParse(users);
      if (!items.success) context.addIssue({ code: 'custom', message: z.prettifyError(items.error) });
      return { items: items.data, totalCount: users.totalCount };
    }),
});

const userWithMeta = z.object({ ...userFields, meta: z.json() });

/** A page of users with few fields. */
export const usersData = z.object({
  users: z
    .object({ pageInfo: z.object({ hasNextPage: z.boolean() }) })
    .loose()
    .transform((users, context) => {
      const items = listOf(userWithMeta).safeParse(users);
      if (!items.success) context.addIssue({ code: 'custom', message: z.prettifyError(items.error) });
      return { items: items.data, hasNextPage: users.pageInfo.hasNextPage };
    }),
});

/** The same page of the members of a segment. */
export const segmentData = z
  .object({ segment: z.object({ members: z.any() }) })
  .transform(({ segment }) => ({ users: segment.members }))
  .pipe(usersData);

/** A page of users through REST: the uids, and that each has devices. */
export const restPage = z
  .array(z.object({ uid: z.string(), devices: z.array(z.json()).length(3) }).loose())
  .length(PAGE_SIZE);

/** Users in the order of the representations. */
export const entitiesData = z.object({ _entities: z.array(userWithMeta) });

export const addEventData = z.object({ addEvent: z.object({ event }) });

export const addEventsData = z.object({
  addEvents: z.object({
    addedCount: z.number(),
    items: z.array(z.object({ result: z.object({ event: z.object({ name: z.string(), value: z.json() }) }) })),
  }),
});

/** `firstName` is null if the mutation created the user. */
export const updateUserData = z.object({
  updateUser: z.object({ user: z.object({ uid: z.string(), firstName: z.string().nullable(), meta: z.json() }) }),
});
