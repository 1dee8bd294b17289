import { z } from 'zod';
import {
  ForbiddenError,
  IdempotencyConflictError,
  NotFoundError,
  UidNotUpdateableError,
  UidTakenError,
  ValidationError,
} from '../../domain/shared/errors.ts';
import {
  MAX_APP_VERSION_LENGTH,
  MAX_EMAIL_LENGTH,
  MAX_LISTS_PER_INPUT,
  MAX_NAME_LENGTH,
  MAX_UID_LENGTH,
} from '../../domain/shared/limits.ts';
import { createUser } from '../../domain/users/create.ts';
import { type DeletedUser, deleteUser } from '../../domain/users/delete.ts';
import { listIds, newUser, uid, userUpdate } from '../../domain/users/inputs.ts';
import { updateUser } from '../../domain/users/upsert.ts';
import type { User } from '../../domain/users/user.ts';
import { idempotencyKeyField } from './arguments.ts';
import { builder } from './builder.ts';
import { edgeIn, edgeOfPayload } from './connection.ts';
import { DeviceInput } from './devices.ts';
import { encodeGlobalId, globalId } from './global-id.ts';
import { UserEdge, UserType } from './users.ts';

const FIRST_NAME = `The user's first name: at most ${MAX_NAME_LENGTH} characters`;
const LAST_NAME = `The user's last name: at most ${MAX_NAME_LENGTH} characters`;
const EMAIL = `The user's e-mail address: one \`@\`, no spaces, at most ${MAX_EMAIL_LENGTH} characters`;

const IS_ACCOUNT = 'Whether the user is an account, such as a company, instead of a person';
const TIME_ZONE = "The user's time zone as an IANA name, such as `Africa/Lagos`";
const APP_VERSION = `The version of your app that the user has: at most ${MAX_APP_VERSION_LENGTH} printable characters`;
const APP_BUILD = `The build of your app that the user has: at most ${MAX_APP_VERSION_LENGTH} printable characters`;
const APP_LAST_ACTIVE = 'When the user last used your app, in the years 1 to 9999';

const CreateUserInput = builder
  .inputType('CreateUserInput', {
    description: 'The user to create. Null is equivalent to omitting a field.',
    fields: (t) => ({
      uid: t.string({
        required: true,
        description: `The user's identifier in your application: 1 to ${MAX_UID_LENGTH} ASCII letters and digits.`,
      }),
      firstName: t.string({ description: `${FIRST_NAME}.` }),
      lastName: t.string({ description: `${LAST_NAME}.` }),
      number: t.string({
        description: "The user's phone number in international format, with or without `+`. Stored in E.164 format.",
      }),
      email: t.string({
        description: `${EMAIL}. Does not have to be unique.`,
      }),
      isAccount: t.boolean({ description: `${IS_ACCOUNT}. Defaults to false.` }),
      timeZone: t.string({ description: `${TIME_ZONE}.` }),
      appVersion: t.string({ description: `${APP_VERSION}.` }),
      appBuild: t.string({ description: `${APP_BUILD}.` }),
      appLastActiveAt: t.field({ type: 'DateTime', description: `${APP_LAST_ACTIVE}.` }),
      device: t.field({ type: DeviceInput, description: "The user's device, to register for push messages." }),
      listIds: t.idList({
        description: `The global ids of at most ${MAX_LISTS_PER_INPUT} lists to subscribe the user to, without an opt-in confirmation. If a list does not exist
or is archived, the user is not created.`,
      }),
      meta: t.field({ type: 'Attributes', description: 'Custom attributes of the user.' }),
      createdAt: t.field({
        type: 'DateTime',
        description:
          'When the user signed up in your application, in the years 1 to 9999. Defaults to the current time.',
      }),
      idempotencyKey: idempotencyKeyField(t),
    }),
  })
  .validate(newUser.extend({ listIds: listIds(globalId('List')) }));

export const UpdateUserInput = builder.inputType('UpdateUserInput', {
  description: 'The changes to a user. Omitted fields are not changed. Null clears a field if its description says so.',
  fields: (t) => ({
    uid: t.string({
      required: true,
      description: `The user's uid: 1 to ${MAX_UID_LENGTH} visible characters except \`/\`, without leading or trailing white space. Normalized to
Unicode normal form C. If no user has the uid, a user is created. Exception: if the caller has the scope \`users:write\`,
and exactly one user with the input's \`email\` has \`uidUpdateable: true\`, the uid of that user is set instead.`,
    }),
    newUid: t.string({
      description: `The uid to set for a user whose \`uidUpdateable\` is true, with the same rules as \`uid\`. Can be set once. Null is
equivalent to omitting it. Requires \`users:write\`.`,
    }),
    firstName: t.string({ description: `${FIRST_NAME}. Null clears it.` }),
    lastName: t.string({ description: `${LAST_NAME}. Null clears it.` }),
    number: t.string({
      description: `The user's phone number in international format, with or without \`+\`. Stored in E.164 format. Null clears
it.`,
    }),
    email: t.string({
      description: `${EMAIL}. Null clears it. Changing
or clearing the address of a user who has one requires \`users:write\`.`,
    }),
    isAccount: t.boolean({ description: `${IS_ACCOUNT}. Null sets it to false.` }),
    timeZone: t.string({ description: `${TIME_ZONE}. Null clears it.` }),
    appVersion: t.string({ description: `${APP_VERSION}. Null clears it.` }),
    appBuild: t.string({ description: `${APP_BUILD}. Null clears it.` }),
    appLastActiveAt: t.field({ type: 'DateTime', description: `${APP_LAST_ACTIVE}. Null clears it.` }),
    device: t.field({
      type: DeviceInput,
      description: `A device to register for push messages. A device that the user already has becomes the most recently seen. Null is
equivalent to omitting it.`,
    }),
    listIds: t.idList({
      description: `The global ids of at most ${MAX_LISTS_PER_INPUT} lists to subscribe the user to, in addition to the lists that the user is
subscribed to, and without an opt-in confirmation. Requires \`lists:write\`. If a list does not exist, or is archived and the
user is not a member, nothing is changed. Null is equivalent to omitting it.`,
    }),
    meta: t.field({
      type: 'Attributes',
      description: `Attributes to add or replace; other attributes are kept. Null removes all attributes. The limits of \`Attributes\`
apply once to the attributes written by callers without the scope \`users:read\`, and once to all others.`,
    }),
    removeMeta: t.stringList({
      description: 'Keys of attributes to remove; unknown keys are ignored. Must not contain a key that `meta` sets.',
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When the user signed up in your application, in the years 1 to 9999. Must not be null.',
    }),
  }),
});

/** Validates an `UpdateUserInput`. */
export const userUpdateOfInput = userUpdate.safeExtend({ listIds: listIds(globalId('List')) });

const CreateUserPayload = builder.objectRef<{ user: User }>('CreateUserPayload').implement({
  description: 'The user was created.',
  fields: (t) => ({
    user: t.expose('user', { type: UserType, description: 'The new user.' }),
    userEdge: t.field({
      type: UserEdge,
      description: "The new user's edge of the connection `users`.",
      requiresScopes: ['users:read'],
      extensions: edgeOfPayload,
      resolve: ({ user }, _args, context) => edgeIn<User>('Query.users', context, user),
    }),
  }),
});

builder.mutationField('createUser', (t) =>
  t.field({
    type: CreateUserPayload,
    description: `Creates a user, for example when a customer signs up in your application. Returns
\`UidTakenError\` if another user has the uid.`,
    requiresScopes: ['users:identify'],
    errors: {
      types: [ValidationError, UidTakenError, NotFoundError, IdempotencyConflictError],
      union: {
        description: `The result of \`createUser\`: the new user, or the reason why it was not created. \`NotFoundError\`: a list does not
exist, or the user that was created with the idempotency key has been deleted.`,
      },
    },
    args: { input: t.arg({ type: CreateUserInput, required: true, description: 'The user to create.' }) },
    resolve: (_root, { input }, { db, viewer }) => createUser(db, viewer, input),
  }),
);

export const UpdateUserPayload = builder.objectRef<{ user: User; created: boolean }>('UpdateUserPayload').implement({
  description: 'The user was updated or created.',
  fields: (t) => ({
    user: t.expose('user', { type: UserType, description: 'The user after the change.' }),
    userEdge: t.field({
      type: UserEdge,
      nullable: true,
      description: "The user's edge of the connection `users` if the mutation created the user, otherwise null.",
      requiresScopes: ['users:read'],
      extensions: edgeOfPayload,
      resolve: ({ user, created }, _args, context) => (created ? edgeIn<User>('Query.users', context, user) : null),
    }),
    created: t.exposeBoolean('created', { description: 'Whether the mutation created the user.' }),
  }),
});

builder.mutationField('updateUser', (t) =>
  t.field({
    type: UpdateUserPayload,
    description: `Updates a user, or creates one if no user has the uid. Changing an e-mail address or setting \`newUid\` also
requires \`users:write\`, and \`listIds\` requires \`lists:write\`; without the scope, it returns \`ForbiddenError\`.`,
    requiresScopes: ['users:identify'],
    errors: {
      types: [ValidationError, UidTakenError, UidNotUpdateableError, ForbiddenError, NotFoundError],
      union: {
        description: `The result of \`updateUser\`: the updated or created user, or the reason why nothing was changed. \`NotFoundError\`: a
list does not exist.`,
      },
    },
    args: {
      input: t
        .arg({ type: UpdateUserInput, required: true, description: 'The changes to the user.' })
        .validate(userUpdateOfInput),
    },
    resolve: (_root, { input }, { db, viewer }) => updateUser(db, viewer, input),
  }),
);

const DeleteUserInput = builder
  .inputType('DeleteUserInput', {
    description: 'The user to delete.',
    fields: (t) => ({ uid: t.string({ required: true, description: "The user's uid." }) }),
  })
  .validate(z.object({ uid }));

export const DeleteUserPayload = builder.objectRef<DeletedUser>('DeleteUserPayload').implement({
  description: 'The user was deleted.',
  fields: (t) => ({
    deletedUserId: t.id({
      description: 'The global id of the deleted user.',
      resolve: ({ id }) => encodeGlobalId('User', id),
    }),
    uid: t.exposeString('uid', { description: 'The uid of the deleted user. A new user can have the same uid.' }),
  }),
});

builder.mutationField('deleteUser', (t) =>
  t.field({
    type: DeleteUserPayload,
    description: `Deletes a user with all devices, memberships and events. This cannot be undone. When the mutation returns, none of the
user's data can be read; events and other personal data are erased from the database in the background. Returns \`NotFoundError\` if the workspace has no user with the uid.`,
    requiresScopes: ['users:write'],
    errors: {
      types: [ValidationError, NotFoundError],
      union: { description: 'The result of `deleteUser`: the deleted user, or the reason why it was not deleted.' },
    },
    args: { input: t.arg({ type: DeleteUserInput, required: true, description: 'The user to delete.' }) },
    resolve: (_root, { input }, { db, viewer }) => deleteUser(db, viewer, input.uid),
  }),
);
