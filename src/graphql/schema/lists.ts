import {
  type List,
  type ListMember,
  type ListMembership,
  listColumns,
  listsSource,
  membershipColumns,
} from '../../domain/lists/list.ts';
import { listMembersSource, matchingListMembers } from '../../domain/lists/memberships.ts';
import { MAX_LIST_DESCRIPTION_LENGTH, MAX_LIST_TITLE_LENGTH } from '../../domain/shared/limits.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../domain/shared/pagination.ts';
import type { User } from '../../domain/users/user.ts';
import type { ListRow } from '../loaders/partial-rows.ts';
import { pageArguments } from './arguments.ts';
import { builder } from './builder.ts';
import { columns, fromColumns, idColumn } from './columns-plugin.ts';
import { connect, connectionTypes, fromRow, withNodes } from './connection.ts';
import { decodeIdOf, encodeMembershipId } from './global-id.ts';
import { filteredUsers, userQueryArguments } from './user-filter.ts';
import { UserType } from './users.ts';

const SUBSCRIBED = 'Whether the user is subscribed. A user who unsubscribes stays a member, with `subscribed: false`.';
const JOINED_AT = 'When the user became a member of the list.';

/** The description of fields and arguments with the id of a list. */
export const LIST_ID = 'The global id of the list.';

/** A mailing list that users subscribe to. */
export const ListType = builder.objectRef<ListRow>('List');

/** A page of a list's members, and an edge of it. */
export const { edge: ListMemberEdge, connection: ListMemberConnection } = connectionTypes<User, ListMember>({
  name: 'ListMember',
  node: UserType,
  description: "A page of a list's members, newest user first by `id`.",
  row: { columns: membershipColumns, file: 'src/domain/lists/list.ts' },
});

builder.objectFields(ListMemberEdge, (t) => ({
  id: t.id({
    description: `Identifies the edge in normalized caches, so that a change of \`subscribed\` reaches every page that a client has cached: unique
across types, opaque and stable. An edge is not a \`Node\`.`,
    extensions: { columns: [] },
    resolve: ({ connection, row }) => encodeMembershipId('ListMemberEdge', connection.parent, row.id),
  }),
  subscribed: t.boolean({ description: SUBSCRIBED, resolve: fromRow('subscribed') }),
  joinedAt: t.field({ type: 'DateTime', description: JOINED_AT, resolve: fromRow('joinedAt') }),
}));

builder.node(ListType, {
  description: 'A mailing list that users subscribe to.',
  requiresScopes: ['lists:read'],
  row: { columns: listColumns, file: 'src/domain/lists/list.ts' },
  id: idColumn,
  fields: (t) => ({
    title: columns(t).exposeString('title', {
      description: `The list's title: 1 to ${MAX_LIST_TITLE_LENGTH} characters.`,
    }),
    description: columns(t).exposeString('description', {
      nullable: true,
      description: `The list's description: at most ${MAX_LIST_DESCRIPTION_LENGTH} characters. Null if it has none.`,
    }),
    createdAt: columns(t).expose('createdAt', { type: 'DateTime', description: 'When the list was created.' }),
    archivedAt: columns(t).expose('archivedAt', {
      type: 'DateTime',
      nullable: true,
      description: `When the list was archived. An archived list keeps its members and accepts no new ones. Null if the list is not
archived.`,
    }),
    members: t.field({
      type: ListMemberConnection,
      description: `The list's members, subscribed and unsubscribed, newest user first. Page size: ${DEFAULT_PAGE_SIZE} by default,
at most ${MAX_PAGE_SIZE}.`,
      requiresScopes: ['lists:read', 'users:read'],
      args: {
        ...pageArguments,
        ...userQueryArguments,
        subscribed: t.arg.boolean({
          description: 'Returns only subscribed members if true, only unsubscribed members if false, and all if null.',
        }),
      },
      extensions: { filter: 'where' },
      resolve: fromColumns(['id'], (list, { subscribed, where, orderBy, search, ...args }, context, info) => {
        const { workspaceId } = context.viewer;
        const members = filteredUsers(
          { where, orderBy, search },
          {
            all: () => listMembersSource(workspaceId, subscribed),
            matching: (query) => matchingListMembers(workspaceId, list.id, { ...query, subscribed }, context.now),
          },
        );
        return connect(context, info, { parent: list.id, ...members, args, maximum: MAX_PAGE_SIZE });
      }),
    }),
  }),
});

/** A page of lists, and an edge of it. */
export const { connection: ListConnection, edge: ListEdge } = connectionTypes<List>({
  name: 'List',
  node: ListType,
  description: 'A page of lists, newest first by `id`.',
});

withNodes(ListConnection, ListType);

/** A user's membership in a list. */
export const ListMembershipType = builder.objectRef<ListMembership>('ListMembership').implement({
  description: "A user's membership in a list.",
  requiresScopes: ['users:read'],
  fields: (t) => ({
    id: t.id({
      description: `Identifies the membership in normalized caches: unique across types, opaque and stable. A membership is not a
\`Node\`.`,
      resolve: ({ list, userId }) => encodeMembershipId('ListMembership', list.id, userId),
    }),
    list: t.expose('list', { type: ListType, description: 'The list.' }),
    subscribed: t.exposeBoolean('subscribed', { description: SUBSCRIBED }),
    joinedAt: t.expose('joinedAt', { type: 'DateTime', description: JOINED_AT }),
  }),
});

builder.objectField(UserType, 'lists', (t) =>
  t.field({
    type: [ListMembershipType],
    description: `The user's memberships in lists, newest list first. Includes archived lists, and lists from which the user
unsubscribed.`,
    resolve: fromColumns(
      ['id'],
      async (user, _args, { loaders }) => (await loaders.listMemberships.load(user.id)) ?? [],
    ),
  }),
);

builder.queryField('list', (t) =>
  t.field({
    type: ListType,
    nullable: true,
    description: 'Returns the list with the given global id, archived or not. Null if the workspace has no such list.',
    requiresScopes: ['lists:read'],
    args: { id: t.arg.id({ required: true, description: LIST_ID }) },
    resolve: (_root, args, { loaders }) => {
      const id = decodeIdOf('List', args.id);
      return id === undefined ? null : loaders.lists.load(id);
    },
  }),
);

builder.queryField('lists', (t) =>
  t.field({
    type: ListConnection,
    description: `Returns all lists of the workspace, archived ones included, newest first. Page size: ${DEFAULT_PAGE_SIZE} by
default, at most ${MAX_PAGE_SIZE}.`,
    requiresScopes: ['lists:read'],
    args: pageArguments,
    resolve: (_root, args, context, info) =>
      connect(context, info, {
        parent: context.viewer.workspaceId,
        source: listsSource(context.viewer.workspaceId),
        args,
        maximum: MAX_PAGE_SIZE,
      }),
  }),
);
