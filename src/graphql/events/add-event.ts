import { IdempotencyConflictError, NotFoundError, ValidationError } from '../../domain/errors.ts';
import { addEvent } from '../../domain/events/add-event.ts';
import type { Event } from '../../domain/events/event.ts';
import { builder } from '../builder.ts';
import { EventType } from './event.ts';
import { AddEventInput } from './inputs.ts';

const AddEventPayload = builder.objectRef<{ event: Event }>('AddEventPayload').implement({
  description: 'The event was added.',
  fields: (t) => ({ event: t.expose('event', { type: EventType, description: 'The new event.' }) }),
});

builder.mutationField('addEvent', (t) =>
  t.field({
    type: AddEventPayload,
    description: 'Adds an event to a user.',
    requiresScopes: ['events:write'],
    errors: {
      types: [ValidationError, NotFoundError, IdempotencyConflictError],
      union: { description: 'A new event, or why there is none.' },
    },
    args: { input: t.arg({ type: AddEventInput, required: true, description: 'The event.' }) },
    resolve: async (_root, { input }, { db, viewer }) => ({ event: await addEvent(db, viewer, input) }),
  }),
);
