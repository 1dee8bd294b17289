import { graphql } from '../../generated/gql.ts';
import type { ConnectionCase } from '../../kit/paging/connection-case.ts';
import { describeConnection } from '../../kit/paging/describe-connection.ts';
import { rowId, seedEvents } from '../../kit/seed-rows.ts';

const EventsPage = graphql(`
  query EventsPage(
    $user: ID!
    $where: EventFilter
    $first: Int
    $after: String
    $last: Int
    $before: String
    $page: Boolean! = true
    $count: Boolean! = false
  ) {
    node(id: $user) {
      ... on User {
        events(where: $where, first: $first, after: $after, last: $last, before: $before) {
          edges @include(if: $page) { cursor node { id } }
          nodes @include(if: $page) { id }
          pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }
          totalCount @include(if: $count)
          totalCountIsCapped @include(if: $count)
        }
      }
    }
  }
`);

const UserEvents: ConnectionCase = {
  node: 'Event',
  parent: 'User',
  maximum: 100,
  add: seedEvents,
  remove: ({ db, workspaceId }, _parent, row) =>
    db.event.delete({ where: { workspaceId_id: { workspaceId, id: rowId(row) } } }),
  async read(app, user, variables, caller) {
    const { data, ...answer } = await app.send(EventsPage, { user, ...variables }, caller);
    return { ...answer, data: data?.node && 'events' in data.node ? data.node.events : null };
  },
};

describeConnection('User.events', UserEvents);

describeConnection('User.events with a filter', {
  ...UserEvents,
  async add(place, user, rows) {
    await seedEvents(place, user, rows, 'Paid');
    await seedEvents(
      place,
      user,
      rows.map((row) => row + 1),
      'Opened',
    );
  },
  async read(app, user, variables, caller) {
    const { data, ...answer } = await app.send(EventsPage, { user, where: { name: 'Paid' }, ...variables }, caller);
    return { ...answer, data: data?.node && 'events' in data.node ? data.node.events : null };
  },
});
