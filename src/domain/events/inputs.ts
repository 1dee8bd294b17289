import { z } from 'zod';
import { attributes, attributeValue } from '../shared/attributes.ts';
import { idempotencyKey } from '../idempotency/keys.ts';
import { instant } from '../shared/instant.ts';
import { printable } from '../shared/text.ts';
import { uid } from '../users/inputs.ts';

/** The title of an event. */
const eventName = printable(1, 255);

/** What `addEvent` takes. Null counts as left out. */
export const newEvent = z.object({
  uid,
  name: eventName,
  value: attributeValue.nullish(),
  properties: attributes.nullish(),
  timestamp: instant.nullish(),
  idempotencyKey: idempotencyKey.nullish(),
});

/** Which events of a user: all conditions that are given hold; `since` is inclusive, `until` is not. */
export const eventFilter = z.object({
  name: eventName.nullish(),
  since: instant.nullish(),
  until: instant.nullish(),
});

/** What `addEvent` takes, checked. */
export type NewEvent = z.output<typeof newEvent>;

/** Which events of a user, checked. */
export type EventFilter = z.output<typeof eventFilter>;
