import { eventFilter, newEvent } from '../../domain/events/inputs.ts';
import { builder } from '../builder.ts';
import { idempotencyKeyField } from '../idempotency-key.ts';

/** What `addEvent` takes. */
export const AddEventInput = builder
  .inputType('AddEventInput', {
    description: 'Something that a user did. Null counts as left out.',
    fields: (t) => ({
      uid: t.string({ required: true, description: 'The user’s uid.' }),
      name: t.string({ required: true, description: 'What happened: 1 to 255 printable characters.' }),
      value: t.field({ type: 'AttributeValue', description: 'Such as an amount; a string has at most 16 KB.' }),
      properties: t.field({ type: 'Attributes', description: 'Further facts.' }),
      timestamp: t.field({ type: 'DateTime', description: 'When it happened; now by default.' }),
      idempotencyKey: idempotencyKeyField(t),
    }),
  })
  .validate(newEvent);

/** Which events of a user. */
export const EventFilter = builder
  .inputType('EventFilter', {
    description: 'Which events: all conditions that are given hold.',
    fields: (t) => ({
      name: t.string({ description: 'Exactly this name.' }),
      since: t.field({ type: 'DateTime', description: 'At this time or later.' }),
      until: t.field({ type: 'DateTime', description: 'Before this time.' }),
    }),
  })
  .validate(eventFilter);
