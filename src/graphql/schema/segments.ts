import { matchingSegmentMembers, segmentMembersSource } from '../../domain/segments/memberships.ts';
import { type Segment, type SegmentMembership, segmentColumns, segmentsSource } from '../../domain/segments/segment.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../domain/shared/pagination.ts';
import type { SegmentRow } from '../loaders/partial-rows.ts';
import { pageArguments } from './arguments.ts';
import { builder } from './builder.ts';
import { columns, fromColumns, idColumn } from './columns-plugin.ts';
import { connect, connectionTypes, withNodes } from './connection.ts';
import { decodeIdOf, encodeMembershipId } from './global-id.ts';
import { filteredUsers, userQueryArguments } from './user-filter.ts';
import { UserConnection, UserType } from './users.ts';

const SegmentType = builder.objectRef<SegmentRow>('Segment');

builder.node(SegmentType, {
  description: `A group of users that is computed from their attributes and events; users cannot be added or removed manually.`,
  requiresScopes: ['segments:read'],
  row: { columns: segmentColumns, file: 'src/domain/segments/segment.ts' },
  id: idColumn,
  fields: (t) => ({
    name: columns(t).exposeString('name', { description: "The segment's display name." }),
    members: t.field({
      type: UserConnection,
      description: `The segment's members, suppressed ones included, newest user first. Page size: ${DEFAULT_PAGE_SIZE} by default,
at most ${MAX_PAGE_SIZE}.`,
      requiresScopes: ['segments:read', 'users:read'],
      args: { ...pageArguments, ...userQueryArguments },
      extensions: { filter: 'where' },
      resolve: fromColumns(['id'], (segment, { where, orderBy, search, ...args }, context, info) => {
        const { workspaceId } = context.viewer;
        const members = filteredUsers(
          { where, orderBy, search },
          {
            all: () => segmentMembersSource(workspaceId),
            matching: (query) => matchingSegmentMembers(workspaceId, segment.id, query, context.now),
          },
        );
        return connect(context, info, { parent: segment.id, ...members, args, maximum: MAX_PAGE_SIZE });
      }),
    }),
  }),
});

/** A page of segments. */
export const { connection: SegmentConnection } = connectionTypes<Segment>({
  name: 'Segment',
  node: SegmentType,
  description: 'A page of segments, newest first by `id`.',
});

withNodes(SegmentConnection, SegmentType);

const SegmentMembershipType = builder.objectRef<SegmentMembership>('SegmentMembership').implement({
  description: "A user's membership in a segment.",
  requiresScopes: ['users:read'],
  fields: (t) => ({
    id: t.id({
      description: `Identifies the membership in normalized caches: unique across types, opaque and stable. A membership is not a
\`Node\`.`,
      resolve: ({ segment, userId }) => encodeMembershipId('SegmentMembership', segment.id, userId),
    }),
    segment: t.expose('segment', { type: SegmentType, description: 'The segment.' }),
    suppressed: t.exposeBoolean('suppressed', {
      description: `Whether the user is excluded from broadcasts to the segment because they unsubscribed from one. A suppressed user
stays a member.`,
    }),
  }),
});

builder.objectField(UserType, 'segments', (t) =>
  t.field({
    type: [SegmentMembershipType],
    description: "The user's memberships in segments, newest segment first. Includes suppressed memberships.",
    resolve: fromColumns(
      ['id'],
      async (user, _args, { loaders }) => (await loaders.segmentMemberships.load(user.id)) ?? [],
    ),
  }),
);

builder.queryField('segment', (t) =>
  t.field({
    type: SegmentType,
    nullable: true,
    description: 'Returns the segment with the given global id. Null if the workspace has no such segment.',
    requiresScopes: ['segments:read'],
    args: { id: t.arg.id({ required: true, description: 'The global id of the segment.' }) },
    resolve: (_root, args, { loaders }) => {
      const id = decodeIdOf('Segment', args.id);
      return id === undefined ? null : loaders.segments.load(id);
    },
  }),
);

builder.queryField('segments', (t) =>
  t.field({
    type: SegmentConnection,
    description: `Returns all segments of the workspace, newest first. Page size: ${DEFAULT_PAGE_SIZE} by default, at most
${MAX_PAGE_SIZE}.`,
    requiresScopes: ['segments:read'],
    args: pageArguments,
    resolve: (_root, args, context, info) =>
      connect(context, info, {
        parent: context.viewer.workspaceId,
        source: segmentsSource(context.viewer.workspaceId),
        args,
        maximum: MAX_PAGE_SIZE,
      }),
  }),
);
