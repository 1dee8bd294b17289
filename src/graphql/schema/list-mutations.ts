import { z } from 'zod';
import { listSubscription, listUpdate, newList } from '../../domain/lists/inputs.ts';
import { uid } from '../../domain/users/inputs.ts';
import { builder } from './builder.ts';
import { globalId, encodeGlobalId } from './global-id.ts';
import { ValidationError, NotFoundError, ListArchivedError } from '../../domain/shared/errors.ts';
import { createList, updateList, archiveList } from '../../domain/lists/write.ts';
import type { List, ListMembership } from '../../domain/lists/list.ts';
import { ListType, ListMembershipType } from './lists.ts';
import { setListSubscription, removeFromList } from '../../domain/lists/subscribe.ts';

const listId = globalId('List');

/** What `createList` takes. */
export const CreateListInput = builder
  .inputType('CreateListInput', {
    description: 'A new list.',
    fields: (t) => ({
      title: t.string({ required: true, description: '1 to 64 printable characters.' }),
      description: t.string({ description: 'At most 255 characters.' }),
    }),
  })
  .validate(newList);

/** What `updateList` takes. */
export const UpdateListInput = builder
  .inputType('UpdateListInput', {
    description: 'Changes to a list. A field left out is unchanged.',
    fields: (t) => ({
      listId: t.id({ required: true, description: 'Global id of the list.' }),
      title: t.string({ description: '1 to 64 printable characters. Not null.' }),
      description: t.string({ description: 'At most 255 characters. Null clears it.' }),
    }),
  })
  .validate(listUpdate.extend({ listId }));

/** What `archiveList` takes. */
export const ArchiveListInput = builder
  .inputType('ArchiveListInput', {
    description: 'Which list to archive.',
    fields: (t) => ({ listId: t.id({ required: true, description: 'Global id of the list.' }) }),
  })
  .validate(z.object({ listId }));

/** What `setListSubscription` takes. */
export const SetListSubscriptionInput = builder
  .inputType('SetListSubscriptionInput', {
    description: 'How a user is to be on a list.',
    fields: (t) => ({
      uid: t.string({ required: true, description: 'The user’s uid.' }),
      listId: t.id({ required: true, description: 'Global id of the list.' }),
      subscribed: t.boolean({
        required: true,
        description: 'True subscribes, and makes a member of who is none. False unsubscribes a member, who stays one.',
      }),
    }),
  })
  .validate(listSubscription.extend({ listId }));

/** What `removeFromList` takes. */
export const RemoveFromListInput = builder
  .inputType('RemoveFromListInput', {
    description: 'Whom to remove from which list.',
    fields: (t) => ({
      uid: t.string({ required: true, description: 'The user’s uid.' }),
      listId: t.id({ required: true, description: 'Global id of the list.' }),
    }),
  })
  .validate(z.object({ uid, listId }));

const CreateListPayload = builder.objectRef<{ list: List }>('CreateListPayload').implement({
  description: 'The list was created.',
  fields: (t) => ({ list: t.expose('list', { type: ListType, description: 'The new list.' }) }),
});

builder.mutationField('createList', (t) =>
  t.field({
    type: CreateListPayload,
    description: 'Creates a list.',
    requiresScopes: ['lists:write'],
    errors: { types: [ValidationError], union: { description: 'A new list, or why there is none.' } },
    args: { input: t.arg({ type: CreateListInput, required: true, description: 'The new list.' }) },
    resolve: async (_root, { input }, { db, viewer }) => ({ list: await createList(db, viewer, input) }),
  }),
);

const UpdateListPayload = builder.objectRef<{ list: List }>('UpdateListPayload').implement({
  description: 'The list is as the input says.',
  fields: (t) => ({ list: t.expose('list', { type: ListType, description: 'The list after the change.' }) }),
});

builder.mutationField('updateList', (t) =>
  t.field({
    type: UpdateListPayload,
    description: 'Changes a list’s title or description; an archived list’s too.',
    requiresScopes: ['lists:write'],
    errors: { types: [ValidationError, NotFoundError], union: { description: 'The list, or why it is unchanged.' } },
    args: { input: t.arg({ type: UpdateListInput, required: true, description: 'The changes.' }) },
    resolve: async (_root, { input }, { db, viewer }) => ({ list: await updateList(db, viewer, input) }),
  }),
);

const ArchiveListPayload = builder.objectRef<{ list: List }>('ArchiveListPayload').implement({
  description: 'The list is archived.',
  fields: (t) => ({ list: t.expose('list', { type: ListType, description: 'The archived list.' }) }),
});

builder.mutationField('archiveList', (t) =>
  t.field({
    type: ArchiveListPayload,
    description: 'Archives a list: it takes no new members, those it has stay. Archiving again changes nothing.',
    requiresScopes: ['lists:write'],
    errors: { types: [ValidationError, NotFoundError], union: { description: 'The list, or why it is unchanged.' } },
    args: { input: t.arg({ type: ArchiveListInput, required: true, description: 'Which list.' }) },
    resolve: async (_root, { input }, { db, viewer }) => ({
      list: await archiveList(db, viewer, input.listId),
    }),
  }),
);

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
