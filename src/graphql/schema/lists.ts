import { type List, type ListMember, type ListMembership, listsSource } from '../../domain/lists/list.ts';
import { listMembersSource } from '../../domain/lists/memberships.ts';
import { MAX_PAGE_SIZE } from '../../domain/shared/pagination.ts';
import type { User } from '../../domain/users/user.ts';
import { builder } from './builder.ts';
import { connect, connectionTypes, withNodes } from './connection.ts';
import { pageArguments } from './arguments.ts';
import { UserType } from './users.ts';

/** A list that users subscribe to. */
export const ListType = builder.objectRef<List>('List');

const { edge: ListMemberEdge, connection: ListMemberConnection } = connectionTypes<User, ListMember>({
  name: 'ListMember',
  node: UserType,
  description: 'A page of a list’s members, the newest users first.',
});

builder.objectFields(ListMemberEdge, (t) => ({
  subscribed: t.boolean({
    description: 'False for somebody who unsubscribed, and stays a member.',
    resolve: ({ row }) => row.subscribed,
  }),
  joinedAt: t.field({
    type: 'DateTime',
    description: 'When they became a member.',
    resolve: ({ row }) => row.joinedAt,
  }),
}));

builder.node(ListType, {
  description: 'A list that users subscribe to. Every field but `id` requires `lists:read`.',
  requiresScopes: ['lists:read'],
  id: { resolve: (list) => list.id, requiresScopes: [] },
  fields: (t) => ({
    title: t.exposeString('title', { description: 'At most 64 characters.' }),
    description: t.exposeString('description', { nullable: true, description: 'At most 255 characters, or null.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
    archivedAt: t.expose('archivedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when it takes no new members. Null while it does.',
    }),
    members: t.field({
      type: ListMemberConnection,
      description: 'Its members, the newest users first: 10 on a page by default, 100 at the most.',
      requiresScopes: ['lists:read', 'users:read'],
      args: {
        ...pageArguments,
        subscribed: t.arg.boolean({ description: 'True or false: only those who are, or are not, subscribed.' }),
      },
      resolve: (list, { subscribed, ...args }, context, info) =>
        connect(context, info, {
          name: 'List.members',
          filter: { subscribed },
          parent: list.id,
          source: listMembersSource(context.viewer.workspaceId, subscribed),
          args,
          maximum: MAX_PAGE_SIZE,
        }),
    }),
  }),
});

/** A page of lists. */
export const { connection: ListConnection } = connectionTypes<List>({
  name: 'List',
  node: ListType,
  description: 'A page of lists, newest first.',
});

withNodes(ListConnection, ListType);

/** How a user is on a list. */
export const ListMembershipType = builder.objectRef<ListMembership>('ListMembership').implement({
  description: 'How a user is on a list.',
  requiresScopes: ['users:read'],
  fields: (t) => ({
    list: t.expose('list', { type: ListType, description: 'The list.' }),
    subscribed: t.exposeBoolean('subscribed', {
      description: 'False for somebody who unsubscribed, and stays a member.',
    }),
    joinedAt: t.expose('joinedAt', { type: 'DateTime', description: 'When they became a member.' }),
  }),
});

builder.objectField(UserType, 'lists', (t) =>
  t.field({
    type: [ListMembershipType],
    description: 'The lists they are on, the newest list first; unsubscribed ones too.',
    resolve: async (user, _args, { loaders }) => (await loaders.listMemberships.load(user.id)) ?? [],
  }),
);

builder.queryField('lists', (t) =>
  t.field({
    type: ListConnection,
    description: 'All lists, archived ones too, newest first: 10 on a page by default, 100 at the most.',
    requiresScopes: ['lists:read'],
    args: pageArguments,
    resolve: (_root, args, context, info) =>
      connect(context, info, {
        name: 'Query.lists',
        parent: context.viewer.workspaceId,
        source: listsSource(context.viewer.workspaceId),
        args,
        maximum: MAX_PAGE_SIZE,
      }),
  }),
);
