import { graphql } from '../../generated/gql.ts';
import { describeConnection } from '../../kit/paging/describe-connection.ts';
import { rowId, seedSegmentMembers } from '../../kit/seed-rows.ts';

const SegmentMembersPage = graphql(`
  query SegmentMembersPage(
    $segment: ID!
    $first: Int
    $after: String
    $last: Int
    $before: String
    $page: Boolean! = true
    $count: Boolean! = false
  ) {
    node(id: $segment) {
      ... on Segment {
        members(first: $first, after: $after, last: $last, before: $before) {
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

describeConnection('Segment.members', {
  node: 'User',
  parent: 'Segment',
  maximum: 100,
  add: seedSegmentMembers,
  remove: ({ db, workspaceId }, segment, row) =>
    db.segmentMembership.delete({
      where: { workspaceId_definitionId_userId: { workspaceId, definitionId: rowId(segment), userId: rowId(row) } },
    }),
  async read(app, segment, variables, caller) {
    const { data, ...answer } = await app.send(SegmentMembersPage, { segment, ...variables }, caller);
    return { ...answer, data: data?.node && 'members' in data.node ? data.node.members : null };
  },
});
