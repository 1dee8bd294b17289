import { ListArchivedError, NotFoundError, ValidationError } from '../../domain/errors.ts';
import type { ListMembership } from '../../domain/lists/list.ts';
import { setListSubscription } from '../../domain/lists/set-list-subscription.ts';
import { builder } from '../builder.ts';
import { SetListSubscriptionInput } from './inputs.ts';
import { ListMembershipType } from './list.ts';

const SetListSubscriptionPayload = builder
  .objectRef<{ membership: ListMembership }>('SetListSubscriptionPayload')
  .implement({
    description: 'The user is on the list as the input says.',
    fields: (t) => ({
      membership: t.expose('membership', { type: ListMembershipType, description: 'How they are on the list now.' }),
    }),
  });

builder.mutationField('setListSubscription', (t) =>
  t.field({
    type: SetListSubscriptionPayload,
    description: 'Subscribes a user to a list, without a confirmation, or unsubscribes them.',
    requiresScopes: ['lists:write'],
    errors: {
      types: [ValidationError, NotFoundError, ListArchivedError],
      union: { description: 'The membership, or why it is unchanged.' },
    },
    args: {
      input: t.arg({ type: SetListSubscriptionInput, required: true, description: 'Who, which list, and how.' }),
    },
    resolve: async (_root, { input }, { db, viewer }) => ({
      membership: await setListSubscription(db, viewer, input),
    }),
  }),
);
