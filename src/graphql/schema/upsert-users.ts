import { z } from 'zod';
import { idempotencyKey } from '../../domain/idempotency/keys.ts';
import { errorPolicies, isFailure, type Outcome, parseEach } from '../../domain/shared/bulk.ts';
import {
  BatchRejectedError,
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

const UpsertUsersItem = builder.objectRef<{ index: number; outcome: Outcome<Upserted> }>('UpsertUsersItem').implement({
  description: 'What became of one user of `upsertUsers`.',
  requiresScopes: ['users:identify'],
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'The position of the user in the input, from 0.' }),
    result: t.field({
      type: UpdateUserPayload,
      extensions: { cost: 0 },
      description: 'The user after the change, or the reason why nothing was changed.',
      errors: {
        types: [
          ValidationError,
          UidTakenError,
          UidNotUpdateableError,
          ForbiddenError,
          NotFoundError,
          BatchRejectedError,
        ],
        union: {
          name: 'UpsertUsersItemResult',
          description: `The updated or created user, or the reason why nothing was changed. Paths of issues are relative to the user.
\`NotFoundError\`: a list does not exist, or the user that was written with the idempotency key has been deleted.`,
        },
      },
      resolve: ({ outcome }) => {
        if (isFailure(outcome)) throw outcome.error;
        return outcome;
      },
    }),
  }),
});

const countWritten = (outcomes: readonly Outcome<Upserted>[], created: boolean) =>
  outcomes.filter((outcome) => !isFailure(outcome) && outcome.created === created).length;

const UpsertUsersPayload = builder.objectRef<{ outcomes: Outcome<Upserted>[] }>('UpsertUsersPayload').implement({
  description: 'The results of the users.',
  fields: (t) => ({
    items: t.field({
      type: [UpsertUsersItem],
      extensions: { cost: 0 },
      description: 'A result for each user of the input, in the same order.',
      resolve: ({ outcomes }) => outcomes.map((outcome, index) => ({ index, outcome })),
    }),
    createdCount: t.int({
      description: 'The number of inputs that created a user, including those of an earlier request with the same key.',
      resolve: ({ outcomes }) => countWritten(outcomes, true),
    }),
    updatedCount: t.int({
      description: 'The number of inputs that updated a user, including those of an earlier request with the same key.',
      resolve: ({ outcomes }) => countWritten(outcomes, false),
    }),
    failedCount: t.int({
      description: 'The number of inputs that changed nothing.',
      resolve: ({ outcomes }) => outcomes.filter(isFailure).length,
    }),
  }),
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
