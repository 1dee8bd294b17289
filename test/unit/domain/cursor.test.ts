import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cursorScope, decodeCursor, encodeCursor } from '../../../src/domain/shared/pagination.ts';

const scope = cursorScope('Query.users', 'workspace');

it('decodes the key of every cursor, within its scope', () => {
  fc.assert(
    fc.property(fc.uuid(), (key) => {
      expect(decodeCursor(scope, encodeCursor(scope, { id: key }))).toEqual({ id: key });
      expect(decodeCursor(cursorScope('Query.lists', 'workspace'), encodeCursor(scope, { id: key }))).toBeUndefined();
    }),
  );
});

it('is stable and URL-safe', () => {
  fc.assert(
    fc.property(fc.uuid(), (key) => {
      expect(encodeCursor(scope, { id: key })).toMatch(/^[\w-]{27}$/);
      expect(encodeCursor(scope, { id: key })).toBe(encodeCursor(scope, { id: key }));
    }),
  );
});

it('distinguishes connections that differ in name, workspace or parent', () => {
  const scopes = [
    cursorScope('Query.users', 'a'),
    cursorScope('Query.users', 'b'),
    cursorScope('List.members', 'a', 'b'),
    cursorScope('List.members', 'b', 'a'),
    cursorScope('List.members', 'ab'),
    cursorScope('Segment.members', 'a', 'b'),
  ];
  expect(new Set(scopes).size).toBe(scopes.length);
});

it('decodes no other text', () => {
  fc.assert(fc.property(fc.string(), (text) => decodeCursor(scope, text) === undefined));
  fc.assert(fc.property(fc.base64String(), (text) => decodeCursor(scope, text) === undefined));
});
