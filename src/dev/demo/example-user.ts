import type { Random } from './random.ts';
import type { EventRow, UserRow } from './rows.ts';

const createdAt = new Date('2021-01-12T05:24:39.062Z');

/** The user of the seed document ("The User object"): made by an integration, so that the uid may still be set. */
export function exampleUser(random: Random): UserRow {
  return {
    id: random.id(createdAt),
    uid: 'a.jinadu@somecorp.email',
    uidUpdateable: true,
    firstName: 'Akinyele',
    lastName: 'Jinadu',
    number: null,
    email: 'a.jinadu@somecorp.email',
    meta: { plan: 'pro', age: 34 },
    createdAt,
    updatedAt: createdAt,
  };
}

/** The two events of the seed document ("Add User events"). The second has no timestamp there: it is when it came in. */
export function exampleEvents(random: Random, userId: string): EventRow[] {
  const addedAt = new Date('2021-01-12T05:26:02.118Z');
  const paidAt = new Date('2021-01-12T05:31:47.904Z');
  return [
    {
      id: random.id(addedAt),
      userId,
      name: 'Add to cart',
      value: null,
      properties: { product: 'T123', currency: 'USD', amount: 12.99 },
      timestamp: new Date('2020-05-30T09:30:10Z'),
    },
    { id: random.id(paidAt), userId, name: 'Paid', value: 49.99, properties: {}, timestamp: paidAt },
  ];
}
