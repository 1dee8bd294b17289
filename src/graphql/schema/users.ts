import type { User } from '../../domain/users/user.ts';
import { builder } from './builder.ts';
import { connectionTypes, withNodes, connect } from './connection.ts';
import { MAX_USERS_PAGE_SIZE } from '../../domain/shared/pagination.ts';
import { uid } from '../../domain/users/inputs.ts';
import { usersSource } from '../../domain/users/read.ts';
import { pageArguments } from './arguments.ts';
import { selectedFields } from '../loaders/selected-fields.ts';

/** A person (or an account) of the application. Other folders add the fields that they know about. */
export const UserType = builder.objectRef<User>('User');

builder.node(UserType, {
  description: `A person (or an account) of your application. Every field but \`id\` and \`uid\` requires \`users:read\`.`,
  requiresScopes: ['users:read'],
  id: { resolve: (user) => user.id, requiresScopes: [] },
  fields: (t) => ({
    uid: t.exposeString('uid', {
      description: 'Their unique identifier in your application.',
      requiresScopes: [],
    }),
    uidUpdateable: t.exposeBoolean('uidUpdateable', {
      description: `Whether the uid may still be set, once: true for a user who was made without one,
by an import or an integration. Their uid is then their e-mail address.`,
    }),
    firstName: t.exposeString('firstName', { nullable: true, description: 'Null where it is not known.' }),
    lastName: t.exposeString('lastName', { nullable: true, description: 'Null where it is not known.' }),
    number: t.exposeString('number', {
      nullable: true,
      description: 'Phone number as E.164, such as `+2348012345678`. Null where it is not known.',
    }),
    email: t.exposeString('email', {
      nullable: true,
      description: 'E-mail address; several users may have the same. Null where it is not known.',
    }),
    meta: t.expose('meta', {
      type: 'Attributes',
      description: `Further attributes; \`{}\` where there are none. At most 200 keys and 32 KB: the limits of \`Attributes\`
apply to what callers without \`users:read\` have sent, and separately to all other attributes.`,
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When they signed up in your application.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When they were last changed here.' }),
  }),
});

/** A page of users. */
export const { connection: UserConnection } = connectionTypes({
  name: 'User',
  node: UserType,
  description:
    'A page of users, newest first by id. A user can become visible after a newer one: followers read an overlap.',
});

withNodes(UserConnection, UserType);

builder.queryField('user', (t) =>
  t.field({
    type: UserType,
    nullable: true,
    description: 'The user with a uid. Null where the workspace has none.',
    requiresScopes: ['users:read'],
    args: {
      uid: t.arg.string({ required: true, validate: uid, description: 'Their identifier in your application.' }),
    },
    resolve: (_root, { uid }, { loaders }, info) => loaders.user({ uid }, selectedFields(info)),
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
        source: usersSource(context.viewer.workspaceId),
        args,
        maximum: MAX_USERS_PAGE_SIZE,
      }),
  }),
);
