import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cursorScope, decodeCursor, encodeCursor } from '../../../src/domain/shared/pagination.ts';

const space = cursorScope('Query.users', 'workspace');

it('reads back the key of any cursor, within its space', () => {
  fc.assert(
    fc.property(fc.uuid(), (key) => {
      expect(decodeCursor(space, encodeCursor(space, key))).toBe(key);
      expect(decodeCursor(cursorScope('Query.lists', 'workspace'), encodeCursor(space, key))).toBeUndefined();
    }),
  );
});

it('is stable and fit for a URL', () => {
  fc.assert(
    fc.property(fc.uuid(), (key) => {
      expect(encodeCursor(space, key)).toMatch(/^[\w-]{27}$/);
      expect(encodeCursor(space, key)).toBe(encodeCursor(space, key));
    }),
  );
});

it('tells apart connections that differ in name, workspace or parent', () => {
  const spaces = [
    cursorScope('Query.users', 'a'),
    cursorScope('Query.users', 'b'),
    cursorScope('List.members', 'a', 'b'),
    cursorScope('List.members', 'b', 'a'),
    cursorScope('List.members', 'ab'),
    cursorScope('Segment.members', 'a', 'b'),
  ];
  expect(new Set(spaces).size).toBe(spaces.length);
});

it('reads nothing from any text that it has not made', () => {
  fc.assert(fc.property(fc.string(), (text) => decodeCursor(space, text) === undefined));
  fc.assert(fc.property(fc.base64String(), (text) => decodeCursor(space, text) === undefined));
});
