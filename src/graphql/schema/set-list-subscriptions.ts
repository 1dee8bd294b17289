import { z } from 'zod';
import type { ListMembership } from '../../domain/lists/list.ts';
import { setListSubscriptions } from '../../domain/lists/subscribe-many.ts';
import { errorPolicies, parseEach } from '../../domain/shared/bulk.ts';
import { ListArchivedError, NotFoundError, ValidationError } from '../../domain/shared/errors.ts';
import { errorPolicyField } from './arguments.ts';
import { builder } from './builder.ts';
import { bulkPayload } from './bulk.ts';
import { listSubscriptionInput, SetListSubscriptionInput, SetListSubscriptionPayload } from './list-mutations.ts';

const SetListSubscriptionsInput = builder
  .inputType('SetListSubscriptionsInput', {
    description: 'The subscriptions to set.',
    fields: (t) => ({
      subscriptions: t.field({
        type: [SetListSubscriptionInput],
        required: true,
        extensions: { itemLimit: 'bulkSubscriptions' },
        description: `The subscriptions: at most 1,000 by default (\`LIMIT_BULK_SUBSCRIPTIONS\`). They can belong to different users and
lists. Several subscriptions of one user to the same list are set in the order of the input.`,
      }),
      errorPolicy: errorPolicyField(t),
    }),
  })
  .validate(
    z.object({
      // Validated one by one, so that a failure of one of them can be skipped.
      subscriptions: z.array(z.custom<object>()),
      errorPolicy: z.enum(errorPolicies),
    }),
  );

const SetListSubscriptionsPayload = bulkPayload<ListMembership, { membership: ListMembership }>({
  name: 'SetListSubscriptions',
  input: 'subscription',
  scope: 'lists:write',
  payload: SetListSubscriptionPayload,
  toPayload: (membership) => ({ membership }),
  errors: [NotFoundError, ListArchivedError],
  resultDescription: `The membership, or the reason why it was not changed. Paths of issues are relative to the subscription. The errors are
those of \`setListSubscription\`.`,
  counts: {
    setCount: {
      description: 'The number of subscriptions that were set, including those that were already as requested.',
    },
  },
});

builder.mutationField('setListSubscriptions', (t) =>
  t.field({
    type: SetListSubscriptionsPayload,
    description: `Sets several subscriptions in one transaction, with the rules of \`setListSubscription\`. A retry sets them again, which is
safe. Each subscription counts as a write for rate limits, and for complexity with all that is selected for it.`,
    requiresScopes: ['lists:write'],
    extensions: { writes: 'input.subscriptions' },
    errors: {
      types: [ValidationError],
      union: {
        description: `The result of \`setListSubscriptions\`: the results of the subscriptions, or the reason why none was
processed.`,
      },
    },
    args: {
      input: t.arg({ type: SetListSubscriptionsInput, required: true, description: 'The subscriptions to set.' }),
    },
    resolve: async (_root, { input: { subscriptions, ...options } }, { db, viewer }) => ({
      outcomes: await setListSubscriptions(db, viewer, parseEach(listSubscriptionInput, subscriptions), options),
    }),
  }),
);
