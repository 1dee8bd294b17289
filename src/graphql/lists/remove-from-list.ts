import { NotFoundError, ValidationError } from '../../domain/errors.ts';
import { removeFromList } from '../../domain/lists/remove-from-list.ts';
import { builder } from '../builder.ts';
import { encodeGlobalId } from '../global-id.ts';
import { RemoveFromListInput } from './inputs.ts';

const RemoveFromListPayload = builder.objectRef<{ userId: string; listId: string }>('RemoveFromListPayload').implement({
  description: 'The user is no member of the list any more.',
  fields: (t) => ({
    userId: t.id({ description: 'Global id of the user.', resolve: ({ userId }) => encodeGlobalId('User', userId) }),
    listId: t.id({ description: 'Global id of the list.', resolve: ({ listId }) => encodeGlobalId('List', listId) }),
  }),
});

builder.mutationField('removeFromList', (t) =>
  t.field({
    type: RemoveFromListPayload,
    description: 'Ends a user’s membership of a list, archived or not.',
    requiresScopes: ['lists:write'],
    errors: {
      types: [ValidationError, NotFoundError],
      union: { description: 'Who was removed from which list, or why nobody was.' },
    },
    args: { input: t.arg({ type: RemoveFromListInput, required: true, description: 'Whom, and from which list.' }) },
    resolve: (_root, { input }, { db, viewer }) => removeFromList(db, viewer, input),
  }),
);
