import { graphql } from '../../generated/gql.ts';
import { describeConnection } from '../../kit/paging/describe-connection.ts';
import { rowId, seedUsers } from '../../kit/seed-rows.ts';

const UsersPage = graphql(`
  query UsersPage(
    $first: Int
    $after: String
    $last: Int
    $before: String
    $page: Boolean! = true
    $count: Boolean! = false
  ) {
    users(first: $first, after: $after, last: $last, before: $before) {
      edges @include(if: $page) { cursor node { id } }
      nodes @include(if: $page) { id }
      pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }
      totalCount @include(if: $count)
      totalCountIsCapped @include(if: $count)
    }
  }
`);

describeConnection('Query.users', {
  node: 'User',
  maximum: 30,
  add: (place, _parent, rows) => seedUsers(place, rows),
  remove: ({ db, workspaceId }, _parent, row) =>
    db.user.delete({ where: { workspaceId_id: { workspaceId, id: rowId(row) } } }),
  async read(app, _parent, variables, caller) {
    const { data, ...answer } = await app.send(UsersPage, variables, caller);
    return { ...answer, data: data?.users };
  },
});
