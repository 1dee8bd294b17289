import { describe, expect, it } from 'vitest';
import type { UserOrder } from '../../../src/domain/users/order.ts';
import { graphql } from '../../generated/gql.ts';
import { startApp } from '../../kit/app.ts';
import { type Choices, choicesOf } from '../../kit/choices.ts';
import { declareAll, storeValues } from '../../kit/filters/declared.ts';
import { type App, walkPages } from '../../kit/paging/connection-case.ts';
import { rowGlobalId, rowId, seedUsers } from '../../kit/seed-rows.ts';

const ChangingUsers = graphql(`
  query ChangingUsers(
    $orderBy: UserOrder, $search: String, $first: Int, $after: String, $last: Int, $before: String
  ) {
    users(orderBy: $orderBy, search: $search, first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { id } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`);

/** Users who do not change, and those who do: between them, and before and after them. */
const STABLE = Array.from({ length: 24 }, (_, index) => 100 + 3 * index);
const VOLATILE = Array.from({ length: 48 }, (_, index) => 97 + Math.floor(index / 2) * 3 + (index % 2) + 1);

/** Gives a user another value, or none. @param value from 0 to 9; several users have the same. */
type SetValue = (app: App, user: number, value: number | null) => Promise<unknown>;

const update = (app: App, user: number, data: object) =>
  app.db.user.updateMany({ where: { workspaceId: app.workspaceId, id: rowId(user) }, data });

const setEmail: SetValue = (app, user, value) =>
  update(app, user, { email: value === null ? null : `${'aB'[value % 2]}${value}@example.com` });

const setLastEvent: SetValue = async (app, user, value) => {
  // The greatest timestamp is kept: only another user with the same id can have an earlier one, or none.
  await app.db.user.deleteMany({ where: { workspaceId: app.workspaceId, id: rowId(user) } });
  await seedUsers(app, [user]);
  if (value === null) return;
  await app.db.$executeRaw`
    INSERT INTO events (workspace_id, id, user_id, name, timestamp)
    SELECT workspace_id, gen_random_uuid(), id, 'Paid', '2026-01-01T00:00:00Z'::timestamptz + ${value}::int * interval '1 ms'
    FROM users WHERE workspace_id = ${app.workspaceId}::uuid AND id = ${rowId(user)}::uuid`;
};

const setAttribute: SetValue = (app, user, value) =>
  update(app, user, { meta: value === null ? { age: 'unknown' } : { age: (value - 4) * 2.5 } });

/** Some have the word of the search, some one that begins with it, and some neither. */
const setName: SetValue = (app, user, value) =>
  update(app, user, { firstName: value === null ? 'Ben' : value < 5 ? 'Ada' : 'Adaeze' });

interface Case {
  title: string;
  orderBy?: UserOrder;
  search?: string;
  set: SetValue;
}

const cases: Case[] = [
  { title: 'by e-mail address', orderBy: { field: 'EMAIL' }, set: setEmail },
  {
    title: 'by e-mail address, descending, nulls first',
    orderBy: { field: 'EMAIL', direction: 'DESC', nulls: 'FIRST' },
    set: setEmail,
  },
  { title: 'by last event, descending', orderBy: { field: 'LAST_EVENT_AT', direction: 'DESC' }, set: setLastEvent },
  { title: 'by last event, nulls first', orderBy: { field: 'LAST_EVENT_AT', nulls: 'FIRST' }, set: setLastEvent },
  { title: 'by an attribute', orderBy: { attribute: { key: 'age', type: 'NUMBER' } }, set: setAttribute },
  {
    title: 'by an attribute, descending, nulls first',
    orderBy: { attribute: { key: 'age', type: 'NUMBER' }, direction: 'DESC', nulls: 'FIRST' },
    set: setAttribute,
  },
  { title: 'of a search', search: 'ada', set: setName },
];

/** Changes, deletes and adds users. */
async function change(app: App, { set }: Case, { below, percent, of }: Choices): Promise<void> {
  for (let count = 0; count < 6; count += 1) {
    const user = of(VOLATILE);
    if (percent(30)) {
      await app.db.user.deleteMany({ where: { workspaceId: app.workspaceId, id: rowId(user) } });
    } else {
      await seedUsers(app, [user]);
      await set(app, user, percent(25) ? null : below(10));
    }
  }
}

async function startWithUsers({ set, search }: Case, choices: Choices) {
  const app = await startApp();
  await declareAll(app, { age: 'NUMBER' });
  await storeValues(app);
  await seedUsers(app, STABLE);
  // In a search, those without a value do not match.
  const hasNoValue = (place: number) => search === undefined && place % 4 === 0;
  for (const [place, user] of STABLE.entries()) await set(app, user, hasNoValue(place) ? null : choices.below(10));
  return app;
}

describe.each(cases)('The pages $title', (theCase) => {
  const { orderBy, search } = theCase;
  it.each(['forwards', 'backwards'] as const)(
    'have each user who does not change exactly once, in order, read %s while others change, appear and disappear',
    async (direction) => {
      const choices = choicesOf(direction.length);
      await using app = await startWithUsers(theCase, choices);
      const read = async (variables: object) => {
        const { users } = await app.run(ChangingUsers, { ...variables, orderBy, search });
        return { ...users, ids: users.edges.map(({ node }) => node.id) };
      };
      const inOrder = [...(await read({ first: 30 })).ids];
      expect(inOrder).toHaveLength(STABLE.length);
      if (direction === 'backwards') inOrder.reverse();
      for (let count = 0; count < 5; count += 1) await change(app, theCase, choices);
      let pages = 0;
      const seen = await walkPages(read, 3, direction, async () => {
        pages += 1;
        await change(app, theCase, choices);
      });
      const stable = new Set(STABLE.map((user) => rowGlobalId('User', user)));
      expect(seen.filter((id) => stable.has(id))).toEqual(inOrder);
      // Others were among them.
      expect(seen.length).toBeGreaterThan(inOrder.length);
      expect(pages).toBeGreaterThan(8);
    },
  );
});
