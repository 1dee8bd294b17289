import { z } from 'zod';
import { addEvent } from '../../domain/events/add.ts';
import { addEvents } from '../../domain/events/add-many.ts';
import { type Event, eventColumns, eventsSource } from '../../domain/events/event.ts';
import { eventFilter, newEvent } from '../../domain/events/inputs.ts';
import { idempotencyKey } from '../../domain/idempotency/keys.ts';
import { errorPolicies, parseEach } from '../../domain/shared/bulk.ts';
import { IdempotencyConflictError, NotFoundError, ValidationError } from '../../domain/shared/errors.ts';
import { attributeLimits, MAX_EVENT_NAME_LENGTH } from '../../domain/shared/limits.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../domain/shared/pagination.ts';
import type { EventRow } from '../loaders/partial-rows.ts';
import { readingOf } from '../loaders/related-reads.ts';
import { bulkIdempotencyKeyField, errorPolicyField, idempotencyKeyField, pageArguments } from './arguments.ts';
import { builder } from './builder.ts';
import { bulkPayload } from './bulk.ts';
import { columns, fromColumns, idColumn } from './columns-plugin.ts';
import { connect, connectionTypes, edgeIn, edgeOfPayload, relatedPage, withNodes } from './connection.ts';
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
      resolve: fromColumns(['userId'], async ({ userId }, _args, context, info) => {
        const user = await context.loaders.user({ id: userId }, readingOf(info, context));
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
    extensions: {
      filter: 'where',
      related: ({ workspaceId }, { where, ...args }, info) =>
        where == null
          ? relatedPage(info, { source: eventsSource(workspaceId), args, maximum: MAX_PAGE_SIZE })
          : undefined,
    },
    resolve: fromColumns(['id'], (user, { where, ...args }, context, info) =>
      connect(context, info, {
        parent: user.id,
        row: user,
        source: eventsSource(context.viewer.workspaceId, where ?? {}, context.now),
        args,
        maximum: MAX_PAGE_SIZE,
      }),
    ),
  }),
);

const AddEventInput = builder.inputType('AddEventInput', {
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
});

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
    args: {
      input: t.arg({ type: AddEventInput, required: true, description: 'The event to add.' }).validate(newEvent),
    },
    resolve: async (_root, { input }, { db, viewer }) => ({ event: await addEvent(db, viewer, input) }),
  }),
);

const AddEventsInput = builder
  .inputType('AddEventsInput', {
    description: 'The events to add.',
    fields: (t) => ({
      events: t.field({
        type: [AddEventInput],
        required: true,
        extensions: { itemLimit: 'bulkEvents' },
        description: 'The events: at most 1,000 by default (`LIMIT_BULK_EVENTS`). They can belong to different users.',
      }),
      errorPolicy: errorPolicyField(t),
      idempotencyKey: bulkIdempotencyKeyField(t),
    }),
  })
  .validate(
    z.object({
      // Validated one by one, so that a failure of one of them can be skipped.
      events: z.array(z.custom<object>()),
      errorPolicy: z.enum(errorPolicies),
      idempotencyKey: idempotencyKey.nullish(),
    }),
  );

const AddEventsPayload = bulkPayload<Event, { event: Event }>({
  name: 'AddEvents',
  input: 'event',
  scope: 'events:write',
  payload: AddEventPayload,
  toPayload: (event) => ({ event }),
  errors: [NotFoundError, IdempotencyConflictError],
  resultDescription: `The new event, or the reason why it was not added. Paths of issues are relative to the event. \`NotFoundError\`: the
workspace has no user with the uid.`,
  counts: {
    addedCount: {
      description:
        'The number of events that exist now, including those that an earlier request with the same key added.',
    },
  },
});

builder.mutationField('addEvents', (t) =>
  t.field({
    type: AddEventsPayload,
    description: `Adds several events in one transaction. Each event counts as a write for rate limits, and for complexity with all that is
selected for it.`,
    requiresScopes: ['events:write'],
    extensions: { writes: 'input.events' },
    errors: {
      types: [ValidationError, IdempotencyConflictError],
      union: {
        description: 'The result of `addEvents`: the results of the events, or the reason why none was processed.',
      },
    },
    args: { input: t.arg({ type: AddEventsInput, required: true, description: 'The events to add.' }) },
    resolve: async (_root, { input: { events, ...options } }, { db, viewer }) => ({
      outcomes: await addEvents(db, viewer, parseEach(newEvent, events), options),
    }),
  }),
);
