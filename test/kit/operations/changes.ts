import { graphql } from '../../generated/gql.ts';

export const Changes = graphql(`
  query Changes($after: String, $first: Int, $from: ChangeStart) {
    changes(after: $after, first: $first, from: $from) {
      changes { id at action actor userId listId eventId segmentId apiKeyId paths }
      cursor
      hasMore
    }
  }
`);

export const UserChangesPage = graphql(`
  query UserChangesPage(
    $user: ID!
    $first: Int
    $after: String
    $last: Int
    $before: String
    $page: Boolean! = true
    $count: Boolean! = false
  ) {
    userChanges(userId: $user, first: $first, after: $after, last: $last, before: $before) {
      edges @include(if: $page) { cursor node { id } }
      nodes @include(if: $page) { id }
      pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }
      totalCount @include(if: $count)
      totalCountIsCapped @include(if: $count)
    }
  }
`);
