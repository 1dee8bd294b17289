import { z } from 'zod';
import { NotFoundError, ValidationError } from '../../domain/errors.ts';
import { deleteUser } from '../../domain/users/delete-user.ts';
import { uid } from '../../domain/users/inputs.ts';
import { builder } from '../builder.ts';
import { encodeGlobalId } from '../global-id.ts';

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
