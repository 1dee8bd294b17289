import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  decodeGlobalId,
  decodeIdOf,
  encodeDeviceId,
  encodeGlobalId,
  encodeMembershipId,
  globalId,
  nodeTypes,
} from '../../../src/graphql/schema/global-id.ts';

const uuid = '01900000-0000-7000-8000-00000000000a';

it('decodes the type and the UUID of any global id', () => {
  fc.assert(
    fc.property(fc.constantFrom(...nodeTypes), fc.uuid(), (type, id) => {
      expect(decodeGlobalId(encodeGlobalId(type, id))).toEqual({ type, id });
    }),
  );
});

it('decodes an id without the padding of base64', () => {
  for (const type of nodeTypes) {
    expect(decodeGlobalId(encodeGlobalId(type, uuid).replace(/=+$/, ''))).toEqual({ type, id: uuid });
  }
});

it('does not decode other strings', () => {
  fc.assert(fc.property(fc.string(), (text) => decodeGlobalId(text) === undefined));
});

it.each([
  ['an unknown type', btoa(`Device:${uuid}`)],
  ['no type', btoa(uuid)],
  ['an upper-case UUID', btoa(`User:${uuid.toUpperCase()}`)],
  ['a UUID in braces', btoa(`User:{${uuid}}`)],
  ['a number instead of a UUID', btoa('User:1')],
  ['text after the UUID', btoa(`User:${uuid}\n`)],
  ['SQL', btoa(`User:${uuid}' OR 1=1`)],
  ['only a UUID', uuid],
  ['too much padding', `${btoa(`User:${uuid}`)}=`],
  ['padding that base64 does not need', `${btoa(`Event:${uuid}`)}=`],
  ['stray bits in its last character', btoa(`User:${uuid}`).replace(/E=$/, 'F=')],
  ['URL-safe base64', Buffer.from(`User:${uuid}??`).toString('base64url')],
  ['surrounding spaces', ` ${btoa(`User:${uuid}`)} `],
])('rejects an id with %s', (_fault, text) => {
  expect(decodeGlobalId(text)).toBeUndefined();
});

it('accepts only ids of the expected type in an input', () => {
  expect(globalId('List').parse(encodeGlobalId('List', uuid))).toBe(uuid);
  const wrong = globalId('List').safeParse(encodeGlobalId('User', uuid));
  expect(wrong.error?.issues).toMatchObject([
    { params: { code: 'INVALID_ID' }, message: 'must be the global id of a List' },
  ]);
});

it('decodes only ids of the expected type of a node', () => {
  const id = encodeGlobalId('List', uuid);
  expect(decodeIdOf('List', id)).toBe(uuid);
  expect(decodeIdOf('Segment', id)).toBeUndefined();
  expect(decodeIdOf('List', 'x')).toBeUndefined();
});

it('encodes ids of devices that differ by token and by workspace', () => {
  const id = encodeDeviceId(uuid, 't1');
  expect(encodeDeviceId(uuid, 't1')).toBe(id);
  const others = [encodeDeviceId(uuid, 't2'), encodeDeviceId(uuid.replace(/a$/, 'b'), 't1')];
  expect(new Set([id, ...others]).size).toBe(3);
});

it('encodes ids of objects that are not nodes, which decode to no node and have at most 126 characters', () => {
  const types = ['ListMembership', 'ListMemberEdge', 'SegmentMembership'] as const;
  const ids = [encodeDeviceId(uuid, 't'.repeat(1024)), ...types.map((type) => encodeMembershipId(type, uuid, uuid))];
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) {
    expect(decodeGlobalId(id)).toBeUndefined();
    // With its quotes, a value of at most `SMALL_VALUE_BYTES` of checks/complexity.ts.
    expect(id.length).toBeLessThanOrEqual(126);
  }
});
