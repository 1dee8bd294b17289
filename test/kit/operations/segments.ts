import { graphql } from '../../generated/gql.ts';

export const ReadSegments = graphql(`
  query ReadSegments {
    segments(first: 20) {
      nodes { id name members(first: 20) { nodes { uid segments { suppressed segment { id } } } totalCount } }
    }
  }
`);

export const ReadSegment = graphql(`
  query ReadSegment($id: ID!) {
    segment(id: $id) { ...WholeSegment }
  }
`);

export const WholeSegment = graphql(`
  fragment WholeSegment on Segment {
    id name description createdAt where summary status progress computedAt memberCount memberCountIsCapped
  }
`);

export const CreateSegment = graphql(`
  mutation CreateSegment($input: CreateSegmentInput!) {
    createSegment(input: $input) {
      __typename
      ... on CreateSegmentPayload { segment { ...WholeSegment } segmentEdge { cursor node { id } } }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
      ... on TooManySegmentsError { limit }
    }
  }
`);

export const UpdateSegment = graphql(`
  mutation UpdateSegment($input: UpdateSegmentInput!) {
    updateSegment(input: $input) {
      __typename
      ... on UpdateSegmentPayload { segment { ...WholeSegment } }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
      ... on NotFoundError { resource }
      ... on SegmentCycleError { segments }
    }
  }
`);

export const DeleteSegment = graphql(`
  mutation DeleteSegment($input: DeleteSegmentInput!) {
    deleteSegment(input: $input) {
      __typename
      ... on DeleteSegmentPayload { segmentId }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
      ... on NotFoundError { resource }
      ... on SegmentInUseError { segments }
    }
  }
`);

export const SetSegmentSuppression = graphql(`
  mutation SetSegmentSuppression($input: SetSegmentSuppressionInput!) {
    setSegmentSuppression(input: $input) {
      __typename
      ... on SetSegmentSuppressionPayload {
        suppressed
        segment { id name }
        user { id uid }
        membership { id suppressed enteredAt segment { id } }
      }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
      ... on NotFoundError { resource }
    }
  }
`);

export const PreviewSegment = graphql(`
  query PreviewSegment($where: UserFilter!) {
    previewSegment(where: $where) { count countIsCapped sample { id uid } }
  }
`);
