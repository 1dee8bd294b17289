import { graphql } from '../../generated/gql.ts';
import type { ConnectionCase } from '../../kit/paging/connection-case.ts';
import { describeConnection } from '../../kit/paging/describe-connection.ts';
import { rowId, seedListMembers } from '../../kit/seed-rows.ts';

const ListMembersPage = graphql(`
  query ListMembersPage(
    $list: ID!
    $subscribed: Boolean
    $first: Int
    $after: String
    $last: Int
    $before: String
    $page: Boolean! = true
    $count: Boolean! = false
  ) {
    node(id: $list) {
      ... on List {
        members(subscribed: $subscribed, first: $first, after: $after, last: $last, before: $before) {
          edges @include(if: $page) { cursor node { id } }
          pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }
          totalCount @include(if: $count)
          totalCountIsCapped @include(if: $count)
        }
      }
    }
  }
`);

/** The members of a list. With `subscribed`, the list has as many members that the filter excludes. */
function listMembers(subscribed?: boolean): ConnectionCase {
  return {
    node: 'User',
    parent: 'List',
    maximum: 100,
    async add(place, list, rows) {
      await seedListMembers(place, list, rows, subscribed);
      if (subscribed === undefined) return;
      await seedListMembers(
        place,
        list,
        rows.map((row) => row + 1),
        !subscribed,
      );
    },
    remove: ({ db, workspaceId }, list, row) =>
      db.listMembership.delete({
        where: { workspaceId_listId_userId: { workspaceId, listId: rowId(list), userId: rowId(row) } },
      }),
    async read(app, list, variables, caller) {
      const { data, ...answer } = await app.send(ListMembersPage, { list, subscribed, ...variables }, caller);
      return { ...answer, data: data?.node && 'members' in data.node ? data.node.members : null };
    },
  };
}

describeConnection('List.members', listMembers());

describeConnection('List.members, the subscribed ones', listMembers(true));

describeConnection('List.members, the unsubscribed ones', listMembers(false));
