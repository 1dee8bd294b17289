import { z } from 'zod';
import { attributeFilter, valueFilter } from '../filter/input.ts';
import { idempotencyKey } from '../idempotency/keys.ts';
import { attributes, attributeValue } from '../shared/attributes.ts';
import { instant } from '../shared/instant.ts';
import { MAX_EVENT_NAME_LENGTH } from '../shared/limits.ts';
import { printable } from '../shared/text.ts';
import { uid } from '../users/uid.ts';

/** The name of an event. */
const eventName = printable(1, MAX_EVENT_NAME_LENGTH);

/** The input of `addEvent`. Null is equivalent to omitting a field. */
export const newEvent = z.object({
  uid,
  name: eventName,
  value: attributeValue.nullish(),
  properties: attributes.nullish(),
  timestamp: instant.nullish(),
  idempotencyKey: idempotencyKey.nullish(),
});

/** Selects events of a user that meet all present conditions; `since` is inclusive, `until` is exclusive. */
export const eventFilter = z.object({
  name: eventName.nullish(),
  since: instant.nullish(),
  until: instant.nullish(),
  value: valueFilter.nullish(),
  properties: z.array(attributeFilter).nullish(),
});

/** The validated input of `addEvent`. */
export type NewEvent = z.output<typeof newEvent>;

/** A validated filter. */
export type EventFilter = z.output<typeof eventFilter>;
