import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeGlobalId, encodeGlobalId, globalId, nodeTypes } from '../../../src/graphql/schema/global-id.ts';

const uuid = '01900000-0000-7000-8000-00000000000a';

it('reads back the type and the UUID of any global id', () => {
  fc.assert(
    fc.property(fc.constantFrom(...nodeTypes), fc.uuid(), (type, id) => {
      expect(decodeGlobalId(encodeGlobalId(type, id))).toEqual({ type, id });
    }),
  );
});

it('reads nothing from any text that it has not made', () => {
  fc.assert(fc.property(fc.string(), (text) => decodeGlobalId(text) === undefined));
});

it.each([
  ['an unknown type', btoa(`Device:${uuid}`)],
  ['no type', btoa(uuid)],
  ['capitals in the UUID', btoa(`User:${uuid.toUpperCase()}`)],
  ['a UUID in braces', btoa(`User:{${uuid}}`)],
  ['a number for a UUID', btoa('User:1')],
  ['something behind the UUID', btoa(`User:${uuid}\n`)],
  ['SQL', btoa(`User:${uuid}' OR 1=1`)],
  ['a UUID alone', uuid],
  ['its padding lost', btoa(`User:${uuid}`).replace(/=+$/, '')],
  ['its base64 for URLs', Buffer.from(`User:${uuid}??`).toString('base64url')],
  ['a space around it', ` ${btoa(`User:${uuid}`)} `],
])('refuses an id with %s', (_fault, text) => {
  expect(decodeGlobalId(text)).toBeUndefined();
});

it('takes in an input only ids of the type it wants', () => {
  expect(globalId('List').parse(encodeGlobalId('List', uuid))).toBe(uuid);
  const wrong = globalId('List').safeParse(encodeGlobalId('User', uuid));
  expect(wrong.error?.issues).toMatchObject([
    { params: { code: 'INVALID_ID' }, message: 'must be the global id of a List' },
  ]);
});
