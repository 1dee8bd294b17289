import { graphql } from '../../generated/gql.ts';

export const ReadSegments = graphql(`
  query ReadSegments {
    segments(first: 100) {
      nodes { id name members(first: 100) { nodes { uid segments { suppressed segment { id } } } totalCount } }
    }
  }
`);
