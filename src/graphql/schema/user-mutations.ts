import { listIds, newUser, userUpdate, uid } from '../../domain/users/inputs.ts';
import { builder } from './builder.ts';
import { DeviceInput } from './devices.ts';
import { globalId, encodeGlobalId } from './global-id.ts';
import { idempotencyKeyField } from './arguments.ts';
import { IdempotencyConflictError, NotFoundError, UidTakenError, ValidationError, ForbiddenError, UidNotUpdateableError } from '../../domain/shared/errors.ts';
import { createUser } from '../../domain/users/create.ts';
import type { User } from '../../domain/users/user.ts';
import { UserType } from './users.ts';
import { updateUser } from '../../domain/users/upsert.ts';
import { z } from 'zod';
import { deleteUser } from '../../domain/users/delete.ts';

/** What `createUser` takes. */
export const CreateUserInput = builder
  .inputType('CreateUserInput', {
    description: 'A new user. Null counts as left out.',
    fields: (t) => ({
      uid: t.string({
        required: true,
        description: 'Their identifier in your application: 1 to 255 letters and digits.',
      }),
      firstName: t.string({ description: 'At most 255 characters.' }),
      lastName: t.string({ description: 'At most 255 characters.' }),
      number: t.string({ description: 'Phone number in international format, with or without `+`.' }),
      email: t.string({ description: 'One `@`, no spaces, at most 254 characters. Need not be unique.' }),
      device: t.field({ type: DeviceInput, description: 'Their device, for push messages.' }),
      listIds: t.idList({ description: 'Lists to subscribe to at once, without a confirmation; at most 100.' }),
      meta: t.field({ type: 'Attributes', description: 'Further attributes.' }),
      createdAt: t.field({ type: 'DateTime', description: 'When they signed up in your application; now by default.' }),
      idempotencyKey: idempotencyKeyField(t),
    }),
  })
  .validate(newUser.extend({ listIds: listIds(globalId('List')) }));

/** What `updateUser` takes. */
export const UpdateUserInput = builder
  .inputType('UpdateUserInput', {
    description: 'Changes to a user. A field left out is unchanged; null clears it, where it says so.',
    fields: (t) => ({
      uid: t.string({
        required: true,
        description: `The user’s identifier: 1 to 255 visible characters but \`/\`, without white space at either end; in
Unicode normal form C, to which it is normalized. Where nobody has it, the user is created; or, fully authenticated,
the one user with the \`email\` whose uid may still be set gets it.`,
      }),
      newUid: t.string({
        description: 'The uid to give to a user whose `uidUpdateable` is true, once. Requires `users:write`.',
      }),
      firstName: t.string({ description: 'At most 255 characters. Null clears it.' }),
      lastName: t.string({ description: 'At most 255 characters. Null clears it.' }),
      number: t.string({ description: 'Phone number in international format, with or without `+`. Null clears it.' }),
      email: t.string({
        description: 'Null clears it. Changing or clearing the address of a user who has one requires `users:write`.',
      }),
      device: t.field({ type: DeviceInput, description: 'A device to add, or to move to the front. Null adds none.' }),
      meta: t.field({
        type: 'Attributes',
        description: `Attributes to add or replace; those not named stay. Null removes them all. The limits of \`Attributes\`
apply to what callers without \`users:read\` have sent for the user, and separately to all other attributes.`,
      }),
      removeMeta: t.stringList({ description: 'Keys of attributes to remove; unknown ones are ignored.' }),
      createdAt: t.field({ type: 'DateTime', description: 'When they signed up in your application. Not null.' }),
    }),
  })
  .validate(userUpdate);

const CreateUserPayload = builder.objectRef<{ user: User }>('CreateUserPayload').implement({
  description: 'The user was created.',
  fields: (t) => ({ user: t.expose('user', { type: UserType, description: 'The new user.' }) }),
});

builder.mutationField('createUser', (t) =>
  t.field({
    type: CreateUserPayload,
    description: 'Creates a user, when a customer signs up in your application.',
    requiresScopes: ['users:identify'],
    errors: {
      types: [ValidationError, UidTakenError, NotFoundError, IdempotencyConflictError],
      union: {
        description: `A new user, or why there is none. \`NotFoundError\`: one of the lists does not exist, or the user whom
the idempotency key stands for has been deleted.`,
      },
    },
    args: { input: t.arg({ type: CreateUserInput, required: true, description: 'The new user.' }) },
    resolve: (_root, { input }, { db, viewer }) => createUser(db, viewer, input),
  }),
);

const UpdateUserPayload = builder.objectRef<{ user: User; created: boolean }>('UpdateUserPayload').implement({
  description: 'The user is as the input says.',
  fields: (t) => ({
    user: t.expose('user', { type: UserType, description: 'The user after the change.' }),
    created: t.exposeBoolean('created', { description: 'Whether this call has created them.' }),
  }),
});

builder.mutationField('updateUser', (t) =>
  t.field({
    type: UpdateUserPayload,
    description: `Updates a user, or creates them where nobody has the uid.
Changing an e-mail address and setting a uid require \`users:write\` as well.`,
    requiresScopes: ['users:identify'],
    errors: {
      types: [ValidationError, UidTakenError, UidNotUpdateableError, ForbiddenError],
      union: { description: 'An updated or created user, or why nothing was changed.' },
    },
    args: { input: t.arg({ type: UpdateUserInput, required: true, description: 'The changes.' }) },
    resolve: (_root, { input }, { db, viewer }) => updateUser(db, viewer, input),
  }),
);

const DeleteUserInput = builder
  .inputType('DeleteUserInput', {
    description: 'Which user to delete.',
    fields: (t) => ({ uid: t.string({ required: true, description: 'The user’s uid.' }) }),
  })
  .validate(z.object({ uid }));

const DeleteUserPayload = builder.objectRef<{ id: string; uid: string }>('DeleteUserPayload').implement({
  description: 'The user is deleted; nobody can read anything about them any more.',
  fields: (t) => ({
    deletedUserId: t.id({ description: 'The global id they had.', resolve: ({ id }) => encodeGlobalId('User', id) }),
    uid: t.exposeString('uid', { description: 'The uid they had; free again.' }),
  }),
});

builder.mutationField('deleteUser', (t) =>
  t.field({
    type: DeleteUserPayload,
    description: `Deletes a user with their devices, memberships and events. This cannot be undone. All of it is gone for every reader when
the mutation returns; the events are erased from the database in the background after that.`,
    requiresScopes: ['users:write'],
    errors: {
      types: [ValidationError, NotFoundError],
      union: { description: 'A deleted user, or why there is none.' },
    },
    args: { input: t.arg({ type: DeleteUserInput, required: true, description: 'Which user.' }) },
    resolve: (_root, { input }, { db, viewer }) => deleteUser(db, viewer, input.uid),
  }),
);
