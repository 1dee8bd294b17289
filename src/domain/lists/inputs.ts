import { z } from 'zod';
import { printable, text } from '../shared/text.ts';
import { notNull } from '../shared/validation.ts';
import { uid } from '../users/inputs.ts';

/** Most characters, as the platform has them (contract, "List"). */
const title = z.string().trim().pipe(printable(1, 64));
const description = text(0, 255);

const list = z.uuid();

/** What `createList` takes. */
export const newList = z.object({ title, description: description.nullish() });

/** What `updateList` takes. A field left out is unchanged; null clears the description. */
export const listUpdate = z.object({
  listId: list,
  title: notNull(title),
  description: description.nullish(),
});

/** What `setListSubscription` takes. */
export const listSubscription = z.object({ uid, listId: list, subscribed: z.boolean() });

/** What `createList` takes, checked. */
export type NewList = z.output<typeof newList>;

/** What `updateList` takes, checked. */
export type ListUpdate = z.output<typeof listUpdate>;

/** What `setListSubscription` takes, checked. */
export type ListSubscription = z.output<typeof listSubscription>;
