import { graphql } from '../../generated/gql.ts';
import { describeConnection } from '../../kit/paging/describe-connection.ts';
import { rowId, seedSegments } from '../../kit/seed-rows.ts';

const SegmentsPage = graphql(`
  query SegmentsPage(
    $first: Int
    $after: String
    $last: Int
    $before: String
    $page: Boolean! = true
    $count: Boolean! = false
  ) {
    segments(first: $first, after: $after, last: $last, before: $before) {
      edges @include(if: $page) { cursor node { id } }
      nodes @include(if: $page) { id }
      pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }
      totalCount @include(if: $count)
      totalCountIsCapped @include(if: $count)
    }
  }
`);

describeConnection('Query.segments', {
  node: 'Segment',
  maximum: 100,
  add: (place, _parent, rows) => seedSegments(place, rows),
  remove: ({ db, workspaceId }, _parent, row) =>
    db.segment.delete({ where: { workspaceId_id: { workspaceId, id: rowId(row) } } }),
  async read(app, _parent, variables, caller) {
    const { data, ...answer } = await app.send(SegmentsPage, variables, caller);
    return { ...answer, data: data?.segments };
  },
});
