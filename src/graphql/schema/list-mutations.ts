import { z } from 'zod';
import { listSubscription, listUpdate, newList } from '../../domain/lists/inputs.ts';
import type { List, ListMember, ListMembership } from '../../domain/lists/list.ts';
import { removeFromList, setListSubscription } from '../../domain/lists/subscribe.ts';
import { archiveList, createList, updateList } from '../../domain/lists/write.ts';
import { ListArchivedError, NotFoundError, ValidationError } from '../../domain/shared/errors.ts';
import { MAX_LIST_DESCRIPTION_LENGTH, MAX_LIST_TITLE_LENGTH } from '../../domain/shared/limits.ts';
import { uid } from '../../domain/users/inputs.ts';
import type { PageRow } from '../loaders/index.ts';
import { readingOf } from '../loaders/related-reads.ts';
import { selectionOf } from '../loaders/selected-fields.ts';
import { builder } from './builder.ts';
import { edgeIn, edgeOfPayload } from './connection.ts';
import { encodeGlobalId, encodeMembershipId, globalId } from './global-id.ts';
import { LIST_ID, ListEdge, ListMemberEdge, ListMembershipType, ListType } from './lists.ts';
import { userAfterChange } from './users.ts';

const listId = globalId('List');

const UID = "The user's uid.";
const TITLE = `The list's title: 1 to ${MAX_LIST_TITLE_LENGTH} printable characters.`;
const DESCRIPTION = `The list's description: at most ${MAX_LIST_DESCRIPTION_LENGTH} characters.`;
const NOT_FOUND = 'Returns `NotFoundError` if the workspace has no such list.';

const CreateListInput = builder
  .inputType('CreateListInput', {
    description: 'The list to create.',
    fields: (t) => ({
      title: t.string({ required: true, description: TITLE }),
      description: t.string({ description: `${DESCRIPTION} Null is equivalent to omitting it.` }),
    }),
  })
  .validate(newList);

const CreateListPayload = builder.objectRef<{ list: List }>('CreateListPayload').implement({
  description: 'The list was created.',
  fields: (t) => ({
    list: t.expose('list', { type: ListType, description: 'The new list.' }),
    listEdge: t.field({
      type: ListEdge,
      description: "The new list's edge of the connection `lists`.",
      requiresScopes: ['lists:read'],
      extensions: edgeOfPayload,
      resolve: ({ list }, _args, context) => edgeIn<List>('Query.lists', context, list),
    }),
  }),
});

builder.mutationField('createList', (t) =>
  t.field({
    type: CreateListPayload,
    description: 'Creates a list.',
    requiresScopes: ['lists:write'],
    errors: {
      types: [ValidationError],
      union: { description: 'The result of `createList`: the new list, or the reason why it was not created.' },
    },
    args: { input: t.arg({ type: CreateListInput, required: true, description: 'The list to create.' }) },
    resolve: async (_root, { input }, { db, viewer }) => ({ list: await createList(db, viewer, input) }),
  }),
);

const UpdateListInput = builder
  .inputType('UpdateListInput', {
    description: 'The changes to a list. Omitted fields are not changed.',
    fields: (t) => ({
      listId: t.id({ required: true, description: LIST_ID }),
      title: t.string({ description: `${TITLE} Must not be null.` }),
      description: t.string({ description: `${DESCRIPTION} Null clears it.` }),
    }),
  })
  .validate(listUpdate.extend({ listId }));

const UpdateListPayload = builder.objectRef<{ list: List }>('UpdateListPayload').implement({
  description: 'The list was updated.',
  fields: (t) => ({ list: t.expose('list', { type: ListType, description: 'The list after the change.' }) }),
});

builder.mutationField('updateList', (t) =>
  t.field({
    type: UpdateListPayload,
    description: `Changes the title or description of a list, archived or not. ${NOT_FOUND}`,
    requiresScopes: ['lists:write'],
    errors: {
      types: [ValidationError, NotFoundError],
      union: { description: 'The result of `updateList`: the updated list, or the reason why it was not changed.' },
    },
    args: { input: t.arg({ type: UpdateListInput, required: true, description: 'The changes to the list.' }) },
    resolve: async (_root, { input }, { db, viewer }) => ({ list: await updateList(db, viewer, input) }),
  }),
);

const ArchiveListInput = builder
  .inputType('ArchiveListInput', {
    description: 'The list to archive.',
    fields: (t) => ({ listId: t.id({ required: true, description: LIST_ID }) }),
  })
  .validate(z.object({ listId }));

const ArchiveListPayload = builder.objectRef<{ list: List }>('ArchiveListPayload').implement({
  description: 'The list is archived.',
  fields: (t) => ({ list: t.expose('list', { type: ListType, description: 'The archived list.' }) }),
});

builder.mutationField('archiveList', (t) =>
  t.field({
    type: ArchiveListPayload,
    description: `Archives a list. It keeps its members, but accepts no new ones. Archiving an archived list changes nothing.
${NOT_FOUND}`,
    requiresScopes: ['lists:write'],
    errors: {
      types: [ValidationError, NotFoundError],
      union: { description: 'The result of `archiveList`: the archived list, or the reason why it was not archived.' },
    },
    args: { input: t.arg({ type: ArchiveListInput, required: true, description: 'The list to archive.' }) },
    resolve: async (_root, { input }, { db, viewer }) => ({ list: await archiveList(db, viewer, input.listId) }),
  }),
);

export const SetListSubscriptionInput = builder.inputType('SetListSubscriptionInput', {
  description: 'The subscription to set.',
  fields: (t) => ({
    uid: t.string({ required: true, description: UID }),
    listId: t.id({ required: true, description: LIST_ID }),
    subscribed: t.boolean({
      required: true,
      description: `True subscribes the user, who becomes a member of the list if necessary. False unsubscribes a member, who stays a
member.`,
    }),
  }),
});

/** Validates `SetListSubscriptionInput`. */
export const listSubscriptionInput = listSubscription.extend({ listId });

export const SetListSubscriptionPayload = builder
  .objectRef<{ membership: ListMembership }>('SetListSubscriptionPayload')
  .implement({
    description: 'The subscription was set.',
    fields: (t) => ({
      membership: t.expose('membership', {
        type: ListMembershipType,
        description: "The user's membership after the change.",
      }),
      list: t.field({
        type: ListType,
        description: 'The list.',
        extensions: { cost: 0 },
        resolve: ({ membership }) => membership.list,
      }),
      user: userAfterChange(t, ({ membership }) => membership.userId),
      edge: t.field({
        type: ListMemberEdge,
        nullable: true,
        description:
          "The user's edge of the connection `members` of the list. Null if the user has been deleted since.",
        requiresScopes: ['lists:read', 'users:read'],
        resolve: async ({ membership: { list, userId, ...membership } }, _args, context, info) => {
          const user = await context.loaders.user({ id: userId }, readingOf(info, context));
          if (!user) return null;
          // The user has the columns that the fields of the node declare, and the membership all columns of the edge.
          const row = { ...user, ...membership } as PageRow<ListMember>;
          return edgeIn('List.members', context, row, list.id);
        },
      }),
    }),
  });

builder.mutationField('setListSubscription', (t) =>
  t.field({
    type: SetListSubscriptionPayload,
    description: `Subscribes a user to a list, without an opt-in confirmation, or unsubscribes a member. Returns
\`NotFoundError\` if the workspace has no such user or list, or if the input unsubscribes a user who is not a member. Returns
\`ListArchivedError\` if the list is archived and the user is not a member.`,
    requiresScopes: ['lists:write'],
    errors: {
      types: [ValidationError, NotFoundError, ListArchivedError],
      union: {
        description: 'The result of `setListSubscription`: the membership, or the reason why it was not changed.',
      },
    },
    args: {
      input: t
        .arg({ type: SetListSubscriptionInput, required: true, description: 'The subscription to set.' })
        .validate(listSubscriptionInput),
    },
    resolve: async (_root, { input }, { db, viewer }) => ({
      membership: await setListSubscription(db, viewer, input),
    }),
  }),
);

const RemoveFromListInput = builder
  .inputType('RemoveFromListInput', {
    description: 'The membership to remove.',
    fields: (t) => ({
      uid: t.string({ required: true, description: UID }),
      listId: t.id({ required: true, description: LIST_ID }),
    }),
  })
  .validate(z.object({ uid, listId }));

const RemoveFromListPayload = builder.objectRef<{ userId: string; listId: string }>('RemoveFromListPayload').implement({
  description: 'The user is no longer a member of the list.',
  fields: (t) => ({
    userId: t.id({
      description: 'The global id of the user.',
      resolve: ({ userId }) => encodeGlobalId('User', userId),
    }),
    listId: t.id({ description: LIST_ID, resolve: ({ listId }) => encodeGlobalId('List', listId) }),
    removedMembershipId: t.id({
      description: 'The `id` of the removed `ListMembership`.',
      resolve: ({ listId, userId }) => encodeMembershipId('ListMembership', listId, userId),
    }),
    removedEdgeId: t.id({
      description: 'The `id` of the removed `ListMemberEdge`, an edge of the connection `members` of the list.',
      resolve: ({ listId, userId }) => encodeMembershipId('ListMemberEdge', listId, userId),
    }),
    user: userAfterChange(t, ({ userId }) => userId),
    list: t.field({
      type: ListType,
      nullable: true,
      description: 'The list. Null if it has been deleted since.',
      resolve: ({ listId }, _args, { loaders }, info) => {
        const isOnlyId = selectionOf(info).columns.isSubsetOf(new Set(['id']));
        return isOnlyId ? { id: listId } : loaders.lists.load(listId);
      },
    }),
  }),
});

builder.mutationField('removeFromList', (t) =>
  t.field({
    type: RemoveFromListPayload,
    description: `Removes a user's membership in a list, archived or not. Returns \`NotFoundError\` if the
workspace has no such user or list, or if the user is not a member.`,
    requiresScopes: ['lists:write'],
    errors: {
      types: [ValidationError, NotFoundError],
      union: {
        description: 'The result of `removeFromList`: the removed membership, or the reason why it was not removed.',
      },
    },
    args: { input: t.arg({ type: RemoveFromListInput, required: true, description: 'The membership to remove.' }) },
    resolve: (_root, { input }, { db, viewer }) => removeFromList(db, viewer, input),
  }),
);
