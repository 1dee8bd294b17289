import { getNamedType } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { Scope } from '../../../src/domain/shared/scopes.ts';
import { rootFields, schemaFields } from '../../kit/walk-schema.ts';

/** Fields that hold or lead to nothing that their caller has not sent, or that tell a read's scope by its ids. */
const open = ['Query.viewer', 'Query.node', 'Query.nodes', 'User.id', 'User.uid', 'List.id', 'Segment.id', 'Event.id'];

/** Types that only wrap: whatever leads to them, and each field of what they hold, declares scopes of its own. */
const wrapper = /^(PageInfo|Viewer|ValidationIssue|\w+Connection|\w+Edge|\w+Payload|\w+Error|_Service)$/;

/** What each field of a type requires, but for the open ones and those named below. */
const ofType: Record<string, Scope[]> = {
  User: ['users:read'],
  Device: ['users:read'],
  ListMembership: ['users:read'],
  SegmentMembership: ['users:read'],
  List: ['lists:read'],
  Segment: ['segments:read'],
  Event: ['events:read'],
};

const ofField: Record<string, Scope[]> = {
  'User.events': ['events:read', 'users:read'],
  'Event.user': ['events:read', 'users:read'],
  'List.members': ['lists:read', 'users:read'],
  'Segment.members': ['segments:read', 'users:read'],
  'Query.user': ['users:read'],
  'Query.users': ['users:read'],
  'Query.lists': ['lists:read'],
  'Query.segments': ['segments:read'],
  'Query._entities': ['users:read'],
  'Query._service': ['schema:read'],
  'Mutation.createUser': ['users:identify'],
  'Mutation.updateUser': ['users:identify'],
  'Mutation.removeDevice': ['users:identify'],
  'Mutation.deleteUser': ['users:write'],
  'Mutation.addEvent': ['events:write'],
  'Mutation.createList': ['lists:write'],
  'Mutation.updateList': ['lists:write'],
  'Mutation.archiveList': ['lists:write'],
  'Mutation.setListSubscription': ['lists:write'],
  'Mutation.removeFromList': ['lists:write'],
};

describe('every field declares its scopes, or is open on purpose', () => {
  const fields = schemaFields.filter(({ type }) => !wrapper.test(type.name));

  it.each(fields)('$coordinate', ({ type, coordinate, scopes }) => {
    const expected = open.includes(coordinate) ? [] : (ofField[coordinate] ?? ofType[type.name]);
    expect(expected, 'a new field needs a place in this test').toBeDefined();
    expect(scopes).toEqual(expected);
  });
});

it('declares scopes on each field that leads to a connection', () => {
  const leading = schemaFields.filter(({ field }) => getNamedType(field.type).name.endsWith('Connection'));
  expect(leading.map(({ coordinate }) => coordinate)).toHaveLength(6);
  expect(leading.filter(({ scopes }) => scopes.length === 0)).toEqual([]);
});

it('declares a scope on each mutation', () => {
  const open = rootFields.filter(({ type, scopes }) => type.name === 'Mutation' && scopes.length === 0);
  expect(open).toEqual([]);
});
