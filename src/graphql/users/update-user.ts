import { ForbiddenError, UidNotUpdateableError, UidTakenError, ValidationError } from '../../domain/errors.ts';
import { updateUser } from '../../domain/users/update-user.ts';
import type { User } from '../../domain/users/user.ts';
import { builder } from '../builder.ts';
import { UpdateUserInput } from './inputs.ts';
import { UserType } from './user.ts';

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
