import { getNamedType } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { Scope } from '../../../src/domain/shared/scopes.ts';
import { rootFields, schemaFields } from '../../kit/walk-schema.ts';

/** Fields that return only what the caller sent, and fields whose scope depends on ids. */
const withoutScopes = [
  'Query.viewer',
  'Query.node',
  'Query.nodes',
  'User.id',
  'User.uid',
  'List.id',
  'Segment.id',
  'Event.id',
];

/** Types without scopes: the fields that return them, and the fields of what they contain, declare scopes. */
const wrapperTypes = /^(PageInfo|Viewer|ValidationIssue|\w+Connection|\w+Edge|\w+Payload|\w+Error|_Service)$/;

/** The scopes of the fields of a type, except those above and below. */
const scopesByType: Record<string, Scope[]> = {
  User: ['users:read'],
  Device: ['users:read'],
  ListMembership: ['users:read'],
  SegmentMembership: ['users:read'],
  List: ['lists:read'],
  Segment: ['segments:read'],
  Event: ['events:read'],
};

const scopesByField: Record<string, Scope[]> = {
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

describe('Every field declares its scopes, or is listed as a field without scopes', () => {
  const fields = schemaFields.filter(({ type }) => !wrapperTypes.test(type.name));

  it.each(fields)('$coordinate', ({ type, coordinate, scopes }) => {
    const expected = withoutScopes.includes(coordinate) ? [] : (scopesByField[coordinate] ?? scopesByType[type.name]);
    expect(
      expected,
      'Add the new field to test/unit/graphql/declared-scopes.test.ts: to withoutScopes, scopesByField or scopesByType.',
    ).toBeDefined();
    expect(scopes).toEqual(expected);
  });
});

it('declares scopes on each field that returns a connection', () => {
  const connectionFields = schemaFields.filter(({ field }) => getNamedType(field.type).name.endsWith('Connection'));
  expect(connectionFields.map(({ coordinate }) => coordinate)).toHaveLength(6);
  expect(connectionFields.filter(({ scopes }) => scopes.length === 0)).toEqual([]);
});

it('declares a scope on each mutation', () => {
  const undeclared = rootFields.filter(({ type, scopes }) => type.name === 'Mutation' && scopes.length === 0);
  expect(undeclared).toEqual([]);
});
