import { graphql } from 'relay-runtime';

export const query = graphql`
  query usersQuery(
    $first: Int
    $after: String
    $last: Int
    $before: String
    $where: UserFilter
    $orderBy: UserOrder
    $search: String
  ) {
    ...users_page
      @arguments(
        first: $first
        after: $after
        last: $last
        before: $before
        where: $where
        orderBy: $orderBy
        search: $search
      )
  }
`;

export const page = graphql`
  fragment users_page on Query
  @refetchable(queryName: "usersPageQuery")
  @argumentDefinitions(
    first: { type: "Int" }
    after: { type: "String" }
    last: { type: "Int" }
    before: { type: "String" }
    where: { type: "UserFilter" }
    orderBy: { type: "UserOrder" }
    search: { type: "String" }
  ) {
    users(
      first: $first
      after: $after
      last: $last
      before: $before
      where: $where
      orderBy: $orderBy
      search: $search
    )
      @connection(key: "users_users") {
      __id
      edges { cursor node { ...users_row } }
      pageInfo { hasNextPage hasPreviousPage }
    }
  }
`;

export const row = graphql`
  fragment users_row on User { id uid firstName meta updatedAt }
`;

export const createUser = graphql`
  mutation usersCreateMutation($input: CreateUserInput!, $connections: [ID!]!) {
    createUser(input: $input) {
      __typename
      ... on CreateUserPayload @alias(as: "payload") {
        userEdge @prependEdge(connections: $connections) { cursor node { ...users_row } }
      }
      ... on Error @alias(as: "error") {
        code
        message
        ... on ValidationError { issues { path code message } }
      }
    }
  }
`;

export const deleteUser = graphql`
  mutation usersDeleteMutation($input: DeleteUserInput!, $connections: [ID!]!) {
    deleteUser(input: $input) {
      __typename
      ... on DeleteUserPayload @alias(as: "payload") {
        # First the edges, which Relay finds by their node. One field cannot have both directives: Relay ignores the second.
        removedUserId: deletedUserId @deleteEdge(connections: $connections)
        deletedUserId @deleteRecord
      }
      ... on Error @alias(as: "error") { code message }
    }
  }
`;
