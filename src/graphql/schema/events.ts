import { eventFilter, newEvent } from '../../domain/events/inputs.ts';
import { builder } from './builder.ts';
import { idempotencyKeyField, pageArguments } from './arguments.ts';
import { NotFoundError, IdempotencyConflictError, ValidationError } from '../../domain/shared/errors.ts';
import { type Event, eventsSource } from '../../domain/events/event.ts';
import { MAX_PAGE_SIZE } from '../../domain/shared/pagination.ts';
import { connect, connectionTypes, withNodes } from './connection.ts';
import { selectedFields } from '../loaders/selected-fields.ts';
import { UserType } from './users.ts';
import { addEvent } from '../../domain/events/add.ts';

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

/** Something that a user did. */
export const EventType = builder.objectRef<Event>('Event');

builder.node(EventType, {
  description: 'Something that a user did. Kept as it came. Every field but `id` requires `events:read`.',
  requiresScopes: ['events:read'],
  id: { resolve: (event) => event.id, requiresScopes: [] },
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What happened, such as `Add to cart`.' }),
    value: t.expose('value', {
      type: 'AttributeValue',
      nullable: true,
      description: 'A string, number or boolean, such as an amount. Null where the event has none.',
    }),
    properties: t.expose('properties', {
      type: 'Attributes',
      description: 'Further facts; `{}` where there are none.',
    }),
    timestamp: t.expose('timestamp', { type: 'DateTime', description: 'When it happened.' }),
    user: t.field({
      type: UserType,
      description: 'Who did it.',
      requiresScopes: ['events:read', 'users:read'],
      resolve: async (event, _args, { loaders }, info) => {
        const user = await loaders.user({ id: event.userId }, selectedFields(info));
        if (!user) throw new NotFoundError('User');
        return user;
      },
    }),
  }),
});

const { connection: EventConnection } = connectionTypes<Event>({
  name: 'Event',
  node: EventType,
  description:
    'A page of events, newest first by id. An event can become visible after a newer one: followers read an overlap.',
});

withNodes(EventConnection, EventType);

builder.objectField(UserType, 'events', (t) =>
  t.field({
    type: EventConnection,
    description: 'What they did, newest first by id: 10 per page by default, at most 100.',
    requiresScopes: ['events:read', 'users:read'],
    args: {
      ...pageArguments,
      where: t.arg({ type: EventFilter, description: 'Only the events that pass this filter.' }),
    },
    resolve: (user, { where, ...args }, context, info) =>
      connect(context, info, {
        name: 'User.events',
        filter: where ?? {},
        parent: user.id,
        source: eventsSource(context.viewer.workspaceId, where ?? {}),
        args,
        maximum: MAX_PAGE_SIZE,
      }),
  }),
);

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
