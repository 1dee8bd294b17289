import { USERS_PAGE_MAXIMUM } from '../../domain/page.ts';
import { uid } from '../../domain/users/inputs.ts';
import { usersSource } from '../../domain/users/read-users.ts';
import { builder } from '../builder.ts';
import { connect } from '../connections.ts';
import { pageArguments } from '../page-arguments.ts';
import { selectedBeneath } from '../selected.ts';
import { UserConnection, UserType } from './user.ts';

builder.queryField('user', (t) =>
  t.field({
    type: UserType,
    nullable: true,
    description: 'The user with a uid. Null where the workspace has none.',
    requiresScopes: ['users:read'],
    args: {
      uid: t.arg.string({ required: true, validate: uid, description: 'Their identifier in your application.' }),
    },
    resolve: (_root, { uid }, { loaders }, info) => loaders.user({ uid }, selectedBeneath(info)),
  }),
);

builder.queryField('users', (t) =>
  t.field({
    type: UserConnection,
    description: 'All users, newest first: 10 on a page by default, 30 at the most.',
    requiresScopes: ['users:read'],
    args: pageArguments,
    resolve: (_root, args, context, info) =>
      connect(context, info, {
        name: 'Query.users',
        parent: context.viewer.workspaceId,
        source: usersSource(),
        args,
        maximum: USERS_PAGE_MAXIMUM,
      }),
  }),
);
