import { expect, it } from 'vitest';
import { measureFilter } from '../../../src/domain/users/filter/size.ts';

it.each([
  [{}, 1, 1],
  [{ uid: { eq: 'a', caseSensitive: true } }, 1, 1],
  [{ uid: { contains: 'a', startsWith: 'b' } }, 2, 2],
  [{ lists: { some: {} } }, 1, 2],
  [{ events: [{ name: {} }, { name: {} }] }, 2, 10],
  [{ events: [{ name: { eq: 'Paid' }, count: { gte: 3 } }] }, 2, 10],
  [{ or: [{ devices: { none: { platform: 'IOS' } } }, { not: { uid: { in: ['a', 'b'] } } }] }, 2, 3],
])('%j has %i conditions, which cost %i', (filter, conditions, cost) => {
  expect(measureFilter(filter)).toMatchObject({ conditions, cost });
});
