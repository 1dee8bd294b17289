import { IdempotencyConflictError, NotFoundError, UidTakenError, ValidationError } from '../../domain/errors.ts';
import { createUser } from '../../domain/users/create-user.ts';
import type { User } from '../../domain/users/user.ts';
import { builder } from '../builder.ts';
import { CreateUserInput } from './inputs.ts';
import { UserType } from './user.ts';

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
