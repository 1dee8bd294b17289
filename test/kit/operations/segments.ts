import { graphql } from '../../generated/gql.ts';

export const ReadSegments = graphql(`
  query ReadSegments {
    segments(first: 20) {
      nodes { id name members(first: 20) { nodes { uid segments { suppressed segment { id } } } totalCount } }
    }
  }
`);
