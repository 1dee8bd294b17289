import { COUNT_CAP } from '../../db/reading/count.ts';
import { type SegmentDefinition, segmentStatuses } from '../../domain/segments/definition.ts';
import type { ExplainedCondition } from '../../domain/segments/explain.ts';
import { matchingSegmentMembers, segmentMembersSource } from '../../domain/segments/memberships.ts';
import { type Segment, type SegmentMembership, segmentColumns, segmentsSource } from '../../domain/segments/segment.ts';
import { presentFilter, type StoredFilter } from '../../domain/segments/stored-filter.ts';
import { readFilterNames, summaryOf } from '../../domain/segments/summary.ts';
import { MAX_SEGMENT_DESCRIPTION_LENGTH, MAX_SEGMENT_NAME_LENGTH } from '../../domain/shared/limits.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../domain/shared/pagination.ts';
import type { Context } from '../context.ts';
import type { SegmentRow } from '../loaders/partial-rows.ts';
import { pageArguments } from './arguments.ts';
import { builder } from './builder.ts';
import { columns, fromColumns, idColumn } from './columns-plugin.ts';
import { connect, connectionTypes, withNodes } from './connection.ts';
import { decodeIdOf, encodeGlobalId, encodeMembershipId } from './global-id.ts';
import { filteredUsers, userQueryArguments } from './user-filter.ts';
import { UserConnection, UserType } from './users.ts';

/** A group of users that is computed from a filter. */
export const SegmentType = builder.objectRef<SegmentRow>('Segment');

const STATUS: Record<(typeof segmentStatuses)[number], string> = {
  COMPUTING:
    'The members are being computed. Until that is complete, the segment has the members of its previous filter, or none.',
  READY: 'The segment has the members of its filter.',
  STATIC: 'The segment has no filter: its members were imported and do not change.',
};

const SegmentStatusType = builder.enumType('SegmentStatus', {
  description: 'The state of the computation of a segment.',
  values: Object.fromEntries(segmentStatuses.map((status) => [status, { description: STATUS[status] }])) as Record<
    (typeof segmentStatuses)[number],
    { description: string }
  >,
});

/** Stands in for the definition of a segment that was deleted after it was read. */
const noDefinition = { filter: null, status: 'STATIC', progress: null, computedAt: null } as const;

/** Resolves a field of a segment's definition, which is read only if such a field is selected. */
const fromDefinition = <Value>(
  read: (definition: Omit<SegmentDefinition, 'segmentId'>, context: Context) => Value | Promise<Value>,
) =>
  fromColumns(['id'], async ({ id }: Pick<Segment, 'id'>, _args: object, context: Context): Promise<Value> => {
    const definition = await context.loaders.segmentDefinitions.load(id);
    return read(definition ?? noDefinition, context);
  });

/** A filter as a value of the input type `UserFilter`. */
const toGraphQLFilter = (filter: StoredFilter) =>
  presentFilter(filter, {
    list: (id) => encodeGlobalId('List', id),
    segment: (id) => encodeGlobalId('Segment', id),
    platform: (platform) => platform.toUpperCase(),
  });

/** The names that explanations may contain, by the scopes of the caller. */
const namesFor = ({ viewer }: Pick<Context, 'viewer'>) => ({ lists: viewer.scopes.has('lists:read') });

/** The filter as a sentence, with the names of the lists and segments that the caller may read. */
async function summarize(filter: StoredFilter, context: Context): Promise<string> {
  return summaryOf(
    filter,
    await readFilterNames(context.reads, context.viewer.workspaceId, [filter], namesFor(context)),
  );
}

/** The number of members of a segment. */
const countMembers = ({ id }: Pick<Segment, 'id'>, { loaders, viewer, db }: Context) =>
  loaders.count(segmentMembersSource(viewer.workspaceId), id, db.timeouts.countMs);

builder.node(SegmentType, {
  description: `A group of users computed from a filter and kept up to date. Users cannot be added or removed
manually.`,
  requiresScopes: ['segments:read'],
  row: { columns: segmentColumns, file: 'src/domain/segments/segment.ts' },
  id: idColumn,
  fields: (t) => ({
    name: columns(t).exposeString('name', {
      description: `The segment's display name: 1 to ${MAX_SEGMENT_NAME_LENGTH} characters.`,
    }),
    description: columns(t).exposeString('description', {
      nullable: true,
      description: `The segment's description: at most ${MAX_SEGMENT_DESCRIPTION_LENGTH} characters. Null if it has
none.`,
    }),
    createdAt: columns(t).expose('createdAt', { type: 'DateTime', description: 'When the segment was created.' }),
    where: t.field({
      type: 'UserFilterJSON',
      nullable: true,
      description: `The latest filter, in canonical form. While \`status\` is \`COMPUTING\`, the members can still be
those of the previous filter. Null for a segment whose members were imported.`,
      extensions: { cost: 1 },
      resolve: fromDefinition(({ filter }) => filter && toGraphQLFilter(filter)),
    }),
    summary: t.string({
      nullable: true,
      description: `The filter in words, with the names of lists and segments; lists are shown by id to callers
without \`lists:read\`. For display only: the wording can change. Null for a segment whose members were imported.`,
      extensions: { cost: 1 },
      resolve: fromDefinition(({ filter }, context) => filter && summarize(filter, context)),
    }),
    status: t.field({
      type: SegmentStatusType,
      description: 'The state of the computation.',
      extensions: { cost: 1 },
      resolve: fromDefinition(({ status }) => status),
    }),
    progress: t.int({
      nullable: true,
      description: 'Percentage of users evaluated, from 0 to 99. Null unless `status` is `COMPUTING`.',
      extensions: { cost: 1 },
      resolve: fromDefinition(({ progress }) => progress),
    }),
    computedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: `When the computation of the current members completed. Members are kept up to date from then on.
Null before the first completion, and for a segment whose members were imported.`,
      extensions: { cost: 1 },
      resolve: fromDefinition(({ computedAt }) => computedAt),
    }),
    memberCount: t.int({
      description: `The number of members, suppressed ones included, capped at ${COUNT_CAP.toLocaleString('en-US')}.
Computed only if selected.`,
      requiresScopes: ['segments:read', 'users:read'],
      extensions: { cost: 1 },
      resolve: fromColumns(['id'], async (segment, _args, context) => (await countMembers(segment, context)).count),
    }),
    memberCountIsCapped: t.boolean({
      description: 'Whether there are more members than `memberCount`.',
      requiresScopes: ['segments:read', 'users:read'],
      extensions: { cost: 1 },
      resolve: fromColumns(['id'], async (segment, _args, context) => (await countMembers(segment, context)).isCapped),
    }),
    members: t.field({
      type: UserConnection,
      description: `The segment's members, suppressed ones included, newest user first. Page size:
${DEFAULT_PAGE_SIZE} by default, at most ${MAX_PAGE_SIZE}.`,
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

/** A page of segments, and an edge of it. */
export const { connection: SegmentConnection, edge: SegmentEdge } = connectionTypes<Segment>({
  name: 'Segment',
  node: SegmentType,
  description: 'A page of segments, newest first by `id`.',
});

withNodes(SegmentConnection, SegmentType);

const SegmentConditionStatusType = builder.objectRef<ExplainedCondition>('SegmentConditionStatus').implement({
  description: "A condition of a segment's filter, evaluated for a user.",
  requiresScopes: ['segments:read', 'users:read'],
  fields: (t) => ({
    condition: t.exposeString('condition', {
      description: 'The condition in words, such as `plan is "pro"`. For display only: the wording can change.',
    }),
    holds: t.exposeBoolean('holds', { description: 'Whether the condition holds for the user.' }),
    changesAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: `The earliest time at which \`holds\` can change without a write, such as when an event leaves a
time window. Null if only a write can change it. It reveals when events happened and lists were joined.`,
      requiresScopes: ['segments:read', 'users:read', 'events:read', 'lists:read'],
      resolve: ({ changesAt }) => changesAt?.toISOString(),
    }),
  }),
});

/** A user's membership in a segment. */
export const SegmentMembershipType = builder.objectRef<SegmentMembership>('SegmentMembership').implement({
  description: "A user's membership in a segment.",
  requiresScopes: ['users:read'],
  fields: (t) => ({
    id: t.id({
      description: `Identifies the membership in normalized caches: unique across types, opaque and stable. A
membership is not a \`Node\`.`,
      resolve: ({ segment, userId }) => encodeMembershipId('SegmentMembership', segment.id, userId),
    }),
    segment: t.expose('segment', { type: SegmentType, description: 'The segment.' }),
    suppressed: t.exposeBoolean('suppressed', {
      description: `Whether the user is excluded from broadcasts to the segment because they unsubscribed from one. A
suppressed user stays a member.`,
    }),
    enteredAt: t.expose('enteredAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the user became a member. Null for an imported member.',
    }),
    explanation: t.field({
      type: [SegmentConditionStatusType],
      description: `Why the user is a member: the conditions of the filter that the current members match, evaluated
now. Empty for a segment without a filter.`,
      requiresScopes: ['segments:read', 'users:read'],
      extensions: { cost: 5 },
      resolve: async ({ segment, userId }, _args, context) =>
        (await context.loaders.explanations(namesFor(context)).load(`${userId} ${segment.id}`)) ?? [],
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
    description: `Returns all segments of the workspace, newest first. Page size: ${DEFAULT_PAGE_SIZE} by default, at
most ${MAX_PAGE_SIZE}.`,
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
