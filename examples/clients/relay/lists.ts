import { graphql } from 'relay-runtime';

export const query = graphql`
  query listsQuery($first: Int) {
    ...lists_page @arguments(first: $first)
  }
`;

export const page = graphql`
  fragment lists_page on Query
  @refetchable(queryName: "listsPageQuery")
  @argumentDefinitions(first: { type: "Int" }, after: { type: "String" }) {
    lists(first: $first, after: $after) @connection(key: "lists_lists") {
      __id
      edges { cursor node { ...lists_row } }
      pageInfo { hasNextPage }
    }
  }
`;

export const row = graphql`
  fragment lists_row on List { id title description archivedAt }
`;

export const createList = graphql`
  mutation listsCreateMutation($input: CreateListInput!, $connections: [ID!]!) {
    createList(input: $input) {
      __typename
      ... on CreateListPayload @alias(as: "payload") {
        listEdge @prependEdge(connections: $connections) { cursor node { ...lists_row } }
      }
      ... on Error @alias(as: "error") {
        code
        message
        ... on ValidationError { issues { path code message } }
      }
    }
  }
`;

export const updateList = graphql`
  mutation listsUpdateMutation($input: UpdateListInput!) {
    updateList(input: $input) {
      __typename
      ... on UpdateListPayload @alias(as: "payload") { list { ...lists_row } }
      ... on Error @alias(as: "error") {
        code
        message
        ... on ValidationError { issues { path code message } }
      }
    }
  }
`;

export const archiveList = graphql`
  mutation listsArchiveMutation($input: ArchiveListInput!) {
    archiveList(input: $input) {
      __typename
      ... on ArchiveListPayload @alias(as: "payload") { list { ...lists_row } }
      ... on Error @alias(as: "error") { code message }
    }
  }
`;
