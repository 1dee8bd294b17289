import { z } from 'zod';
import { idempotencyKey } from '../../domain/idempotency/keys.ts';
import { errorPolicies, parseEach } from '../../domain/shared/bulk.ts';
import {
  ForbiddenError,
  IdempotencyConflictError,
  NotFoundError,
  UidNotUpdateableError,
  UidTakenError,
  ValidationError,
} from '../../domain/shared/errors.ts';
import type { Upserted } from '../../domain/users/upsert-in-transaction.ts';
import { upsertUsers } from '../../domain/users/upsert-users.ts';
import { bulkIdempotencyKeyField, errorPolicyField } from './arguments.ts';
import { builder } from './builder.ts';
import { bulkPayload } from './bulk.ts';
import { UpdateUserInput, UpdateUserPayload, userUpdateOfInput } from './user-mutations.ts';

const UpsertUsersInput = builder
  .inputType('UpsertUsersInput', {
    description: 'The users to update or create.',
    fields: (t) => ({
      users: t.field({
        type: [UpdateUserInput],
        required: true,
        extensions: { itemLimit: 'bulkUsers' },
        description: `The changes to the users: at most 500 by default (\`LIMIT_BULK_USERS\`). Inputs with the same uid are written in order. A
device token that several inputs contain belongs to the last of them.`,
      }),
      errorPolicy: errorPolicyField(t),
      idempotencyKey: bulkIdempotencyKeyField(t),
    }),
  })
  .validate(
    z.object({
      // Validated one by one, so that a failure of one of them can be skipped.
      users: z.array(z.custom<object>()),
      errorPolicy: z.enum(errorPolicies),
      idempotencyKey: idempotencyKey.nullish(),
    }),
  );

const UpsertUsersPayload = bulkPayload<Upserted, Upserted>({
  name: 'UpsertUsers',
  input: 'user',
  scope: 'users:identify',
  payload: UpdateUserPayload,
  toPayload: (upserted) => upserted,
  errors: [UidTakenError, UidNotUpdateableError, ForbiddenError, NotFoundError],
  resultDescription: `The updated or created user, or the reason why nothing was changed. Paths of issues are relative to the user.
\`NotFoundError\`: a list does not exist, or the user that was written with the idempotency key has been deleted.`,
  counts: {
    createdCount: {
      description: 'The number of inputs that created a user, including those of an earlier request with the same key.',
      includes: ({ created }) => created,
    },
    updatedCount: {
      description: 'The number of inputs that updated a user, including those of an earlier request with the same key.',
      includes: ({ created }) => !created,
    },
  },
});

builder.mutationField('upsertUsers', (t) =>
  t.field({
    type: UpsertUsersPayload,
    description: `Updates or creates several users in one transaction, each like \`updateUser\`. Each user counts as a write for rate limits,
and for complexity with all that is selected for it.`,
    requiresScopes: ['users:identify'],
    extensions: { writes: 'input.users' },
    errors: {
      types: [ValidationError, IdempotencyConflictError],
      union: {
        description: 'The result of `upsertUsers`: the results of the users, or the reason why none was processed.',
      },
    },
    args: { input: t.arg({ type: UpsertUsersInput, required: true, description: 'The users to update or create.' }) },
    resolve: async (_root, { input: { users, ...options } }, { db, viewer }) => ({
      outcomes: await upsertUsers(db, viewer, parseEach(userUpdateOfInput, users), options),
    }),
  }),
);
