import { z } from 'zod';
import { MAX_LIST_DESCRIPTION_LENGTH, MAX_LIST_TITLE_LENGTH } from '../shared/limits.ts';
import { printable, text } from '../shared/text.ts';
import { notNull } from '../shared/validation.ts';
import { uid } from '../users/uid.ts';

const title = z.string().trim().pipe(printable(1, MAX_LIST_TITLE_LENGTH));
const description = text(0, MAX_LIST_DESCRIPTION_LENGTH);

const listId = z.uuid();

/** The input of `createList`. */
export const newList = z.object({ title, description: description.nullish() });

/** The input of `updateList`. An omitted field is unchanged; null clears the description. */
export const listUpdate = z.object({
  listId,
  title: notNull(title),
  description: description.nullish(),
});

/** The input of `setListSubscription`. */
export const listSubscription = z.object({ uid, listId, subscribed: z.boolean() });

/** The validated input of `createList`. */
export type NewList = z.output<typeof newList>;

/** The validated input of `updateList`. */
export type ListUpdate = z.output<typeof listUpdate>;

/** The validated input of `setListSubscription`. */
export type ListSubscription = z.output<typeof listSubscription>;
