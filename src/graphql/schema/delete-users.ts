import { z } from 'zod';
import { errorPolicies, parseEach } from '../../domain/shared/bulk.ts';
import { NotFoundError, ValidationError } from '../../domain/shared/errors.ts';
import type { DeletedUser } from '../../domain/users/delete.ts';
import { deleteUsers } from '../../domain/users/delete-many.ts';
import { uid } from '../../domain/users/inputs.ts';
import { errorPolicyField } from './arguments.ts';
import { builder } from './builder.ts';
import { bulkPayload } from './bulk.ts';
import { DeleteUserPayload } from './user-mutations.ts';

const DeleteUsersInput = builder
  .inputType('DeleteUsersInput', {
    description: 'The users to delete.',
    fields: (t) => ({
      uids: t.stringList({
        required: true,
        extensions: { itemLimit: 'bulkUsers' },
        description: 'The uids of the users: at most 500 by default (`LIMIT_BULK_USERS`).',
      }),
      errorPolicy: errorPolicyField(t),
    }),
  })
  .validate(
    z.object({
      // Validated one by one, so that a failure of one of them can be skipped.
      uids: z.array(z.string()),
      errorPolicy: z.enum(errorPolicies),
    }),
  );

const DeleteUsersPayload = bulkPayload<DeletedUser, DeletedUser>({
  name: 'DeleteUsers',
  input: 'user',
  scope: 'users:write',
  payload: DeleteUserPayload,
  toPayload: (user) => user,
  errors: [NotFoundError],
  resultDescription: `The deleted user, or the reason why it was not deleted. The path of issues is \`["uid"]\`. \`NotFoundError\`: the workspace has
no user with the uid, or an earlier item of the input has the same uid.`,
  counts: { deletedCount: { description: 'The number of users that were deleted.' } },
});

builder.mutationField('deleteUsers', (t) =>
  t.field({
    type: DeleteUsersPayload,
    description: `Deletes several users in one transaction, as \`deleteUser\` does. This cannot be undone. A retry returns
\`NotFoundError\` for users that were deleted. Each user counts as a write for rate limits, and for complexity with all that is
selected for it.`,
    requiresScopes: ['users:write'],
    extensions: { writes: 'input.uids' },
    errors: {
      types: [ValidationError],
      union: {
        description: 'The result of `deleteUsers`: the results of the users, or the reason why none was processed.',
      },
    },
    args: { input: t.arg({ type: DeleteUsersInput, required: true, description: 'The users to delete.' }) },
    resolve: async (_root, { input: { uids, ...options } }, { db, viewer }) => {
      const users = uids.map((text) => ({ uid: text }));
      return { outcomes: await deleteUsers(db, viewer, parseEach(z.object({ uid }), users), options) };
    },
  }),
);
