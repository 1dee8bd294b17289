import { metaLimits } from '../../domain/shared/limits.ts';
import { DEFAULT_PAGE_SIZE, MAX_USERS_PAGE_SIZE } from '../../domain/shared/pagination.ts';
import { uid } from '../../domain/users/inputs.ts';
import { matchingUsers } from '../../domain/users/query.ts';
import { usersSource } from '../../domain/users/read.ts';
import type { User } from '../../domain/users/user.ts';
import { userColumns } from '../../domain/users/user.ts';
import type { UserRow } from '../loaders/partial-rows.ts';
import { readingOf } from '../loaders/related-reads.ts';
import { pageArguments } from './arguments.ts';
import { builder, type Types } from './builder.ts';
import { columns, idColumn } from './columns-plugin.ts';
import { connect, connectionTypes, withNodes } from './connection.ts';
import { filteredUsers, userQueryArguments } from './user-filter.ts';

/** A user of the workspace's application. The files of devices, events, lists and segments add their fields. */
export const UserType = builder.objectRef<UserRow>('User');

builder.node(UserType, {
  description: 'A user of your application: a person, or an account.',
  requiresScopes: ['users:read'],
  row: { columns: userColumns, file: 'src/domain/users/user.ts' },
  id: idColumn,
  fields: (t) => ({
    uid: columns(t).exposeString('uid', {
      description: "The user's identifier in your application, unique within the workspace. In Unicode normal form C.",
      requiresScopes: [],
    }),
    uidUpdateable: columns(t).exposeBoolean('uidUpdateable', {
      description: `Whether the uid can still be set; it can be set only once. True for a user who was created without a uid, by an import or an
integration; the user's e-mail address then serves as the uid.`,
    }),
    firstName: columns(t).exposeString('firstName', {
      nullable: true,
      description: "The user's first name. Null if unknown.",
    }),
    lastName: columns(t).exposeString('lastName', {
      nullable: true,
      description: "The user's last name. Null if unknown.",
    }),
    number: columns(t).exposeString('number', {
      nullable: true,
      description: "The user's phone number in E.164 format, such as `+2348012345678`. Null if unknown.",
    }),
    email: columns(t).exposeString('email', {
      nullable: true,
      description: "The user's e-mail address. Not unique: several users can share an address. Null if unknown.",
    }),
    isAccount: columns(t).exposeBoolean('isAccount', {
      description: 'Whether the user is an account, such as a company, instead of a person.',
    }),
    timeZone: columns(t).exposeString('timeZone', {
      nullable: true,
      description: "The user's time zone as an IANA name, such as `Africa/Lagos`. Null if unknown.",
    }),
    appVersion: columns(t).exposeString('appVersion', {
      nullable: true,
      description: 'The version of your app that the user has, such as `3.1.0`. Null if unknown.',
    }),
    appBuild: columns(t).exposeString('appBuild', {
      nullable: true,
      description: 'The build of your app that the user has, such as `3001`. Null if unknown.',
    }),
    appLastActiveAt: columns(t).expose('appLastActiveAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the user last used your app. Null if unknown.',
    }),
    meta: columns(t).expose('meta', {
      type: 'Attributes',
      description: `Custom attributes of the user; \`{}\` if there are none. At most ${metaLimits.keys} keys and ${metaLimits.bytes / 1024} KB: the limits of
\`Attributes\` apply once to the attributes written by callers without the scope \`users:read\`, and once to all others.`,
    }),
    createdAt: columns(t).expose('createdAt', {
      type: 'DateTime',
      description: 'When the user signed up in your application.',
    }),
    updatedAt: columns(t).expose('updatedAt', {
      type: 'DateTime',
      description: 'When the user was last changed in this workspace.',
    }),
  }),
});

/** A page of users, and an edge of it. */
export const { connection: UserConnection, edge: UserEdge } = connectionTypes<User>({
  name: 'User',
  node: UserType,
  description: `A page of users, newest first by \`id\`. A user can become visible after a user with a greater id: clients that
poll for new users should read overlapping pages.`,
});

withNodes(UserConnection, UserType);

builder.queryField('user', (t) =>
  t.field({
    type: UserType,
    nullable: true,
    description: 'Returns the user with the given uid. Null if the workspace has no such user.',
    requiresScopes: ['users:read'],
    args: {
      uid: t.arg.string({
        required: true,
        validate: uid,
        description: "The user's identifier in your application. Normalized to Unicode normal form C.",
      }),
    },
    resolve: (_root, { uid }, context, info) => context.loaders.user({ uid }, readingOf(info, context)),
  }),
);

builder.queryField('users', (t) =>
  t.field({
    type: UserConnection,
    description: `Returns all users of the workspace, newest first. Page size: ${DEFAULT_PAGE_SIZE} by default, at most
${MAX_USERS_PAGE_SIZE}.`,
    requiresScopes: ['users:read'],
    args: { ...pageArguments, ...userQueryArguments },
    extensions: { filter: 'where' },
    resolve: (_root, { where, orderBy, search, ...args }, context, info) => {
      const { workspaceId } = context.viewer;
      const users = filteredUsers(
        { where, orderBy, search },
        {
          all: () => usersSource(workspaceId),
          matching: (query) => matchingUsers(workspaceId, query, context.now),
        },
      );
      return connect(context, info, { parent: workspaceId, ...users, args, maximum: MAX_USERS_PAGE_SIZE });
    },
  }),
);

/**
 * A field of the payload of a mutation: the user that the mutation was about, which is read after the change, and only if the
 * field is selected. @param userIdOf undefined if there is no such user.
 */
export const userAfterChange = <Payload>(
  t: PothosSchemaTypes.ObjectFieldBuilder<Types, Payload>,
  userIdOf: (payload: Payload) => string | undefined,
) =>
  t.field({
    type: UserType,
    nullable: true,
    description: 'The user after the change. Null if the user has been deleted since.',
    requiresScopes: ['users:read'],
    resolve: async (payload, _args, context, info) => {
      const id = userIdOf(payload);
      return id === undefined ? null : context.loaders.user({ id }, readingOf(info, context));
    },
  });
