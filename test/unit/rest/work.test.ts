import { expect, it } from 'vitest';
import { costOfQuery } from '../../../src/domain/users/filter/size.ts';
import { COMPLEXITY_PER_UNIT_OF_WORK } from '../../../src/http/limits/load-shedding.ts';
import { listUsersOperation, searchUsersOperation } from '../../../src/rest/operations/list-users.ts';

const request = { params: {}, query: {}, headers: {}, body: {} };
const workOfSearch = (body: unknown) => searchUsersOperation.work?.({ ...request, body });
const workOfList = (query: Record<string, unknown>) => listUsersOperation.work?.({ ...request, query });

it('counts the conditions of a filter and the search of a page of users, as in GraphQL', () => {
  const events = Array.from({ length: 12 }, () => ({ name: { eq: 'Paid' } }));
  expect(costOfQuery({ where: { events }, search: 'ada' })).toBe(65);
  expect(workOfSearch({ where: { events } })).toBe(8 + 60 / COMPLEXITY_PER_UNIT_OF_WORK);
  expect(workOfSearch({ search: 'ada' })).toBe(8 + 5 / COMPLEXITY_PER_UNIT_OF_WORK);
  expect(workOfSearch({ where: { events }, search: 'ada' })).toBe(8 + 65 / COMPLEXITY_PER_UNIT_OF_WORK);
  expect(workOfList({ search: 'ada' })).toBe(8 + 5 / COMPLEXITY_PER_UNIT_OF_WORK);
});

it('is that of a page without a filter, and with a body that is no object', () => {
  for (const body of [{}, { where: null, search: null }, { search: '' }, undefined, null, [], 'x', 5]) {
    expect(workOfSearch(body)).toBe(8);
  }
  expect(workOfList({})).toBe(8);
});
