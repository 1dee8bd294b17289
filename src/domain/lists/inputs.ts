import { z } from 'zod';
import { printable, text } from '../text.ts';
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
  title: title
    .nullable()
    .optional()
    .refine((value) => value !== null, {
      params: { code: 'NOT_NULLABLE' },
      error: 'cannot be cleared',
    }),
  description: description.nullish(),
});

/** What `setListSubscription` takes. */
export const listSubscription = z.object({ uid, listId: list, subscribed: z.boolean() });

export type NewList = z.output<typeof newList>;
export type ListUpdate = z.output<typeof listUpdate>;
export type ListSubscription = z.output<typeof listSubscription>;
