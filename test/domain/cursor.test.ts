import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cursorSpace, decodeCursor, encodeCursor } from '../../src/domain/cursor.ts';

const space = cursorSpace('Query.users', 'workspace');

it('reads back the key of any cursor, within its space', () => {
  fc.assert(
    fc.property(fc.uuid(), (key) => {
      expect(decodeCursor(space, encodeCursor(space, key))).toBe(key);
      expect(decodeCursor(cursorSpace('Query.lists', 'workspace'), encodeCursor(space, key))).toBeUndefined();
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
    cursorSpace('Query.users', 'a'),
    cursorSpace('Query.users', 'b'),
    cursorSpace('List.members', 'a', 'b'),
    cursorSpace('List.members', 'b', 'a'),
    cursorSpace('List.members', 'ab'),
    cursorSpace('Segment.members', 'a', 'b'),
  ];
  expect(new Set(spaces).size).toBe(spaces.length);
});

it('reads nothing from any text that it has not made', () => {
  fc.assert(fc.property(fc.string(), (text) => decodeCursor(space, text) === undefined));
  fc.assert(fc.property(fc.base64String(), (text) => decodeCursor(space, text) === undefined));
});
