import { addEvent } from '../../domain/events/add.ts';
import { type Event, eventColumns, eventsSource } from '../../domain/events/event.ts';
import { eventFilter, newEvent } from '../../domain/events/inputs.ts';
import { IdempotencyConflictError, NotFoundError, ValidationError } from '../../domain/shared/errors.ts';
import { attributeLimits, MAX_EVENT_NAME_LENGTH } from '../../domain/shared/limits.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../domain/shared/pagination.ts';
import type { EventRow } from '../loaders/partial-rows.ts';
import { selectionOf } from '../loaders/selected-fields.ts';
import { idempotencyKeyField, pageArguments } from './arguments.ts';
import { builder } from './builder.ts';
import { columns, fromColumns, idColumn } from './columns-plugin.ts';
import { connect, connectionTypes, edgeIn, edgeOfPayload, withNodes } from './connection.ts';
import { decodeIdOf } from './global-id.ts';
import { AttributeFilter, ValueFilter } from './user-filter.ts';
import { UserType, userAfterChange } from './users.ts';

const EventType = builder.objectRef<EventRow>('Event');

builder.node(EventType, {
  description: 'An action of a user, such as a purchase. Events are never changed.',
  requiresScopes: ['events:read'],
  row: { columns: eventColumns, file: 'src/domain/events/event.ts' },
  id: idColumn,
  fields: (t) => ({
    name: columns(t).exposeString('name', { description: "The event's name, such as `Add to cart`." }),
    value: columns(t).expose('value', {
      type: 'AttributeValue',
      nullable: true,
      description: "The event's value, such as an amount. Null if the event has none.",
    }),
    properties: columns(t).expose('properties', {
      type: 'Attributes',
      description: 'Custom attributes of the event; `{}` if there are none.',
    }),
    timestamp: columns(t).expose('timestamp', { type: 'DateTime', description: 'When the event happened.' }),
    user: t.field({
      type: UserType,
      description:
        'The user that the event belongs to. An error with the code `NOT_FOUND` if the user was deleted while the operation ran.',
      requiresScopes: ['events:read', 'users:read'],
      resolve: fromColumns(['userId'], async ({ userId }, _args, { loaders }, info) => {
        const user = await loaders.user({ id: userId }, selectionOf(info).columns);
        if (!user) throw new NotFoundError('User');
        return user;
      }),
    }),
  }),
});

const { connection: EventConnection, edge: EventEdge } = connectionTypes<Event>({
  name: 'Event',
  node: EventType,
  description: `A page of events, newest first by \`id\`. An event can become visible after an event with a greater id: clients
that poll for new events should read overlapping pages.`,
});

withNodes(EventConnection, EventType);

builder.queryField('event', (t) =>
  t.field({
    type: EventType,
    nullable: true,
    description: 'Returns the event with the given global id. Null if the workspace has no such event.',
    requiresScopes: ['events:read'],
    args: { id: t.arg.id({ required: true, description: 'The global id of the event.' }) },
    resolve: (_root, args, { loaders }) => {
      const id = decodeIdOf('Event', args.id);
      return id === undefined ? null : loaders.events.load(id);
    },
  }),
);

const EventFilter = builder
  .inputType('EventFilter', {
    description: 'A filter for events. An event must match every condition that is set.',
    fields: (t) => ({
      name: t.string({
        description: `Matches events with exactly this name: 1 to ${MAX_EVENT_NAME_LENGTH} printable characters.`,
      }),
      since: t.field({ type: 'DateTime', description: 'Matches events whose `timestamp` is at or after this time.' }),
      until: t.field({ type: 'DateTime', description: 'Matches events whose `timestamp` is before this time.' }),
      value: t.field({ type: ValueFilter, description: 'Matches events whose value satisfies these conditions.' }),
      properties: t.field({
        type: [AttributeFilter],
        description: 'Matches events whose properties satisfy all of these conditions.',
      }),
    }),
  })
  .validate(eventFilter);

builder.objectField(UserType, 'events', (t) =>
  t.field({
    type: EventConnection,
    description: `The user's events, newest first by \`id\`. Page size: ${DEFAULT_PAGE_SIZE} by default, at most ${MAX_PAGE_SIZE}.`,
    requiresScopes: ['events:read', 'users:read'],
    args: {
      ...pageArguments,
      where: t.arg({ type: EventFilter, description: 'Returns only the events that match this filter.' }),
    },
    extensions: { filter: 'where' },
    resolve: fromColumns(['id'], (user, { where, ...args }, context, info) =>
      connect(context, info, {
        parent: user.id,
        source: eventsSource(context.viewer.workspaceId, where ?? {}, context.now),
        args,
        maximum: MAX_PAGE_SIZE,
      }),
    ),
  }),
);

const AddEventInput = builder
  .inputType('AddEventInput', {
    description: 'The event to add. Null is equivalent to omitting a field.',
    fields: (t) => ({
      uid: t.string({ required: true, description: 'The uid of the user to add the event to.' }),
      name: t.string({
        required: true,
        description: `The event's name, such as \`Add to cart\`: 1 to ${MAX_EVENT_NAME_LENGTH} printable characters.`,
      }),
      value: t.field({
        type: 'AttributeValue',
        description: `The event's value, such as an amount. A string can have at most ${attributeLimits.bytes / 1024} KB.`,
      }),
      properties: t.field({ type: 'Attributes', description: 'Custom attributes of the event.' }),
      timestamp: t.field({
        type: 'DateTime',
        description: 'When the event happened, in the years 1 to 9999. Defaults to the current time.',
      }),
      idempotencyKey: idempotencyKeyField(t),
    }),
  })
  .validate(newEvent);

const AddEventPayload = builder.objectRef<{ event: Event }>('AddEventPayload').implement({
  description: 'The event was added.',
  fields: (t) => ({
    event: t.expose('event', { type: EventType, description: 'The new event.' }),
    eventEdge: t.field({
      type: EventEdge,
      description: `The new event's edge of the connection \`events\` of its user. To get the user, select \`user\` of the payload, which is null if
the user has been deleted since.`,
      requiresScopes: ['events:read', 'users:read'],
      extensions: edgeOfPayload,
      resolve: ({ event }, _args, context) => edgeIn<Event>('User.events', context, event, event.userId),
    }),
    user: userAfterChange(t, ({ event }) => event.userId),
  }),
});

builder.mutationField('addEvent', (t) =>
  t.field({
    type: AddEventPayload,
    description: 'Adds an event to a user. Returns `NotFoundError` if the workspace has no user with the uid.',
    requiresScopes: ['events:write'],
    errors: {
      types: [ValidationError, NotFoundError, IdempotencyConflictError],
      union: { description: 'The result of `addEvent`: the new event, or the reason why it was not added.' },
    },
    args: { input: t.arg({ type: AddEventInput, required: true, description: 'The event to add.' }) },
    resolve: async (_root, { input }, { db, viewer }) => ({ event: await addEvent(db, viewer, input) }),
  }),
);
