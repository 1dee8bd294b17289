import { MAX_PAGE_SIZE } from '../../domain/shared/pagination.ts';
import { segmentMembersSource } from '../../domain/segments/memberships.ts';
import { type Segment, type SegmentMembership, segmentsSource } from '../../domain/segments/segment.ts';
import { builder } from './builder.ts';
import { connect, connectionTypes, withNodes } from './connection.ts';
import { pageArguments } from './arguments.ts';
import { UserConnection, UserType } from './users.ts';

/** A group of users computed from their attributes and events. */
export const SegmentType = builder.objectRef<Segment>('Segment');

builder.node(SegmentType, {
  description: `A group of users computed from their attributes and events: nobody joins or leaves by hand.
Every field but \`id\` requires \`segments:read\`.`,
  requiresScopes: ['segments:read'],
  id: { resolve: (segment) => segment.id, requiresScopes: [] },
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What people call it.' }),
    members: t.field({
      type: UserConnection,
      description:
        'Its members, suppressed ones too, the newest users first: 10 on a page by default, 100 at the most.',
      requiresScopes: ['segments:read', 'users:read'],
      args: pageArguments,
      resolve: (segment, args, context, info) =>
        connect(context, info, {
          name: 'Segment.members',
          parent: segment.id,
          source: segmentMembersSource(context.viewer.workspaceId),
          args,
          maximum: MAX_PAGE_SIZE,
        }),
    }),
  }),
});

/** A page of segments. */
export const { connection: SegmentConnection } = connectionTypes<Segment>({
  name: 'Segment',
  node: SegmentType,
  description: 'A page of segments, newest first.',
});

withNodes(SegmentConnection, SegmentType);

const SegmentMembershipType = builder.objectRef<SegmentMembership>('SegmentMembership').implement({
  description: 'How a user is in a segment.',
  requiresScopes: ['users:read'],
  fields: (t) => ({
    segment: t.expose('segment', { type: SegmentType, description: 'The segment.' }),
    suppressed: t.exposeBoolean('suppressed', {
      description: 'True for a member who gets no broadcasts sent to the segment, having unsubscribed from one.',
    }),
  }),
});

builder.objectField(UserType, 'segments', (t) =>
  t.field({
    type: [SegmentMembershipType],
    description: 'The segments they are in, the newest segment first; where they are suppressed too.',
    resolve: async (user, _args, { loaders }) => (await loaders.segmentMemberships.load(user.id)) ?? [],
  }),
);

builder.queryField('segments', (t) =>
  t.field({
    type: SegmentConnection,
    description: 'All segments, newest first: 10 on a page by default, 100 at the most.',
    requiresScopes: ['segments:read'],
    args: pageArguments,
    resolve: (_root, args, context, info) =>
      connect(context, info, {
        name: 'Query.segments',
        parent: context.viewer.workspaceId,
        source: segmentsSource(context.viewer.workspaceId),
        args,
        maximum: MAX_PAGE_SIZE,
      }),
  }),
);
