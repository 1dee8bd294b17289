import { describe, expect, it } from 'vitest';
import { parseSearch, searchWords } from '../../../src/domain/users/search.ts';

describe('The words of a search', () => {
  it.each([
    ['ada lo', ['ada', 'lo']],
    ['Ada ADA ada', ['ada']],
    ['ada.l@example.com', ['ada', 'l', 'example', 'com']],
    ['44 20', ['44', '20']],
    ['+44 (20) 7123-4567', ['442071234567']],
    ['+44 x', ['44', 'x']],
    ['+', []],
    [' ', []],
  ])('of "%s" are %j', (search, words) => expect(searchWords(search)).toEqual(words));
});

describe('A search', () => {
  it('reads as a phrase', () => {
    expect(parseSearch('ada "lo"')?.condition.phrase()).toBe('matches the search "ada \\"lo\\""');
  });

  it('depends on the fields that it compares', () => {
    expect(parseSearch('ada')?.condition.dependencies()).toEqual(
      ['firstName', 'lastName', 'uid', 'email', 'number'].map((field) => ({ kind: 'field', field })),
    );
  });

  it.each([undefined, null, '', ' @ '])('is none without letters and digits: %j', (search) => {
    expect(parseSearch(search)).toBeUndefined();
  });
});
