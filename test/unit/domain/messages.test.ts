import { expect, it } from 'vitest';
import { ValidationError } from '../../../src/domain/shared/errors.ts';
import { parsePageArguments } from '../../../src/domain/shared/pagination.ts';
import { validate } from '../../../src/domain/shared/validation.ts';
import { newUser, userUpdate } from '../../../src/domain/users/inputs.ts';

/** The issues of an action, as `path: message`. */
function issuesOf(act: () => unknown): string[] {
  try {
    act();
  } catch (error) {
    if (error instanceof ValidationError)
      return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw error;
  }
  return [];
}

const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, place) => [`key${place}`, true]));

it.each([
  [{ uid: 'x'.repeat(256) }, 'uid: must be 1 to 255 ASCII letters and digits'],
  [{ firstName: 'x'.repeat(300) }, 'firstName: must have at most 255 characters; got 300'],
  [{ firstName: 1 }, 'firstName: must be of type string; got number'],
  [{ lastName: '\0' }, 'lastName: must be well-formed Unicode without U+0000'],
  [{ email: `${'x'.repeat(250)}@b.org` }, 'email: must have at most 254 characters; got 256'],
  [{ email: 'ada' }, 'email: must be an e-mail address, with one "@" and no spaces'],
  [{ idempotencyKey: 'a\nb' }, 'idempotencyKey: must consist of printable characters'],
  [{ device: { token: 't', platform: 'web' } }, 'device.platform: must be one of android, ios'],
  [{ listIds: Array<string>(101).fill('x') }, 'listIds: must contain at most 100 lists; got 101'],
  [{ meta: keys(101) }, 'meta: must have at most 100 keys; got 101'],
  [{ meta: { a: 'x'.repeat(17_000) } }, 'meta: must have at most 16384 bytes as JSON; got 17008'],
  [{ meta: { ['k'.repeat(65)]: 1 } }, `meta.${'k'.repeat(65)}: must have a key of 1 to 64 characters; got 65`],
  [{ meta: { a: [] } }, 'meta.a: must be a string, a finite number or a boolean'],
])('names the limit and what was received: %j', (input, message) => {
  expect(issuesOf(() => validate(newUser, { uid: 'u1', ...input }))).toContain(message);
});

it.each([
  [{ uid: 'é'.repeat(256) }, 'uid: must have at most 255 characters; got 256'],
  [{ createdAt: null }, 'createdAt: must not be null'],
  [{ removeMeta: Array<string>(101).fill('k') }, 'removeMeta: must have at most 100 keys; got 101'],
  [{ meta: { a: 1 }, removeMeta: ['a'] }, 'removeMeta.0: must not be set by meta in the same input'],
])('names the limit and what was received, of an update: %j', (input, message) => {
  expect(issuesOf(() => validate(userUpdate, { uid: 'u1', ...input }))).toEqual([message]);
});

it('names the limit of a page and the size that was received', () => {
  const page = { first: 50, last: 1, after: 'x', before: 'y' };
  expect(
    issuesOf(() =>
      parsePageArguments(page, { scope: () => 0, invalidCursor: 'must be a cursor of this connection' }, 30),
    ),
  ).toEqual([
    'last: must not be combined with first',
    'before: must not be combined with after',
    'first: must be between 1 and 30; got 50',
    'after: must be a cursor of this connection',
    'before: must be a cursor of this connection',
  ]);
});
