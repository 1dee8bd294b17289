import { NotFoundError } from '../../domain/errors.ts';
import type { Event } from '../../domain/events/event.ts';
import { eventsSource } from '../../domain/events/read-events.ts';
import { PAGE_MAXIMUM } from '../../domain/page.ts';
import { builder } from '../builder.ts';
import { connect, connectionTypes, withNodes } from '../connections.ts';
import { pageArguments } from '../page-arguments.ts';
import { selectedBeneath } from '../selected.ts';
import { UserType } from '../users/user.ts';
import { EventFilter } from './inputs.ts';

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
        const user = await loaders.user({ id: event.userId }, selectedBeneath(info));
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
        maximum: PAGE_MAXIMUM,
      }),
  }),
);
