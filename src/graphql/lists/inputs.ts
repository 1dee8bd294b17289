import { z } from 'zod';
import { listSubscription, listUpdate, newList } from '../../domain/lists/inputs.ts';
import { uid } from '../../domain/users/inputs.ts';
import { builder } from '../builder.ts';
import { globalId } from '../global-id.ts';

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
