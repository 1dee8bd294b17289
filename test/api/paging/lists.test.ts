import { graphql } from '../../generated/gql.ts';
import { describeConnection } from '../../kit/paging/describe-connection.ts';
import { rowId, seedLists } from '../../kit/seed-rows.ts';

const ListsPage = graphql(`
  query ListsPage(
    $first: Int
    $after: String
    $last: Int
    $before: String
    $page: Boolean! = true
    $count: Boolean! = false
  ) {
    lists(first: $first, after: $after, last: $last, before: $before) {
      edges @include(if: $page) { cursor node { id } }
      nodes @include(if: $page) { id }
      pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }
      totalCount @include(if: $count)
      totalCountIsCapped @include(if: $count)
    }
  }
`);

describeConnection('Query.lists', {
  node: 'List',
  maximum: 100,
  add: (place, _parent, rows) => seedLists(place, rows),
  remove: ({ db, workspaceId }, _parent, row) =>
    db.list.delete({ where: { workspaceId_id: { workspaceId, id: rowId(row) } } }),
  async read(app, _parent, variables, caller) {
    const { data, ...answer } = await app.send(ListsPage, variables, caller);
    return { ...answer, data: data?.lists };
  },
});
