import { describe, expect, it } from 'vitest';
import { type IndexName, indexNames } from '../../../src/db/indexes/catalogue.ts';
import { toCondition } from '../../../src/domain/users/filter/filter.ts';
import type { UserFilter } from '../../../src/domain/users/filter/input.ts';
import { indexesOf } from '../../kit/indexes.ts';

const accessOf = (filter: UserFilter, names: readonly IndexName[], hasAsciiTrigrams = false) =>
  toCondition(filter, { indexes: indexesOf(names, hasAsciiTrigrams) }).access;

const attribute = (string: object): UserFilter => ({ meta: [{ key: 'city', string }] });

describe('The index that finds users', () => {
  it.each<[UserFilter, IndexName]>([
    [attribute({ eq: 'Lyon' }), 'attributes'],
    [{ meta: [{ key: 'city', exists: true }] }, 'attributes'],
    [{ meta: [{ key: 'age', number: { in: [1, 2] } }] }, 'attributes'],
    [attribute({ contains: 'yon' }), 'attribute-text'],
    [attribute({ startsWith: 'Łódź' }), 'attribute-text'],
    [attribute({ endsWith: 'Yon', caseSensitive: true }), 'attribute-text'],
    [{ email: { contains: 'example' } }, 'field-text'],
    [{ firstName: { endsWith: 'анна' } }, 'field-text'],
    [{ number: { contains: '123' } }, 'field-text'],
    [{ updatedAt: { within: 'P1D' } }, 'updated-at'],
  ])('for %j is %s', (filter, name) => {
    expect(accessOf(filter, [name])).toBe('index');
    expect(accessOf(filter, [])).toBe('scan');
  });

  it.each<UserFilter>([
    attribute({ contains: 'yo' }),
    attribute({ contains: '%_"\\' }),
    attribute({ startsWith: 'a-b' }),
    attribute({ contains: '' }),
    attribute({ ne: 'Lyon' }),
    { email: { contains: '@e' } },
    { timeZone: { contains: 'Africa' } },
    { updatedAt: { ne: new Date(0) } },
    { not: attribute({ contains: 'Lyon' }) },
  ])('for %j is none, since it has no three letters in a row or no index serves it', (filter) => {
    expect(accessOf(filter, indexNames)).toBe('scan');
  });

  it('is not one of trigrams for other letters than those of ASCII where LC_CTYPE is C', () => {
    expect(accessOf({ firstName: { contains: 'анна' } }, indexNames)).toBe('index');
    expect(accessOf({ firstName: { contains: 'анна' } }, indexNames, true)).toBe('scan');
    expect(accessOf(attribute({ contains: 'łódź' }), indexNames, true)).toBe('scan');
    expect(accessOf(attribute({ contains: 'łódź west' }), indexNames, true)).toBe('index');
  });
});
