import { graphql } from 'relay-runtime';

export const query = graphql`
  query membersQuery($id: ID!, $first: Int, $subscribed: Boolean, $where: UserFilter, $orderBy: UserOrder, $search: String) {
    list(id: $id) {
      ...lists_row
      ...members_page @arguments(first: $first, subscribed: $subscribed, where: $where, orderBy: $orderBy, search: $search)
    }
  }
`;

/** Answered from the store, without a request, if the list is in the store: see `missingFieldHandlers`. */
export const heading = graphql`
  query membersHeadingQuery($id: ID!) {
    list(id: $id) { ...lists_row }
  }
`;

export const page = graphql`
  fragment members_page on List
  @refetchable(queryName: "membersPageQuery")
  @argumentDefinitions(
    first: { type: "Int" }
    after: { type: "String" }
    subscribed: { type: "Boolean" }
    where: { type: "UserFilter" }
    orderBy: { type: "UserOrder" }
    search: { type: "String" }
  ) {
    members(first: $first, after: $after, subscribed: $subscribed, where: $where, orderBy: $orderBy, search: $search)
      @connection(key: "members_members") {
      __id
      edges { cursor subscribed joinedAt node { ...users_row } }
      pageInfo { hasNextPage }
    }
  }
`;

export const setListSubscription = graphql`
  mutation membersSetSubscriptionMutation($input: SetListSubscriptionInput!, $connections: [ID!]!) {
    setListSubscription(input: $input) {
      __typename
      ... on SetListSubscriptionPayload @alias(as: "payload") {
        edge @prependEdge(connections: $connections) { cursor subscribed joinedAt node { ...users_row } }
        user { ...users_row lists { id subscribed joinedAt list { id title archivedAt } } }
      }
      ... on Error @alias(as: "error") { code message }
    }
  }
`;

export const removeFromList = graphql`
  mutation membersRemoveMutation($input: RemoveFromListInput!, $connections: [ID!]!) {
    removeFromList(input: $input) {
      __typename
      ... on RemoveFromListPayload @alias(as: "payload") {
        userId @deleteEdge(connections: $connections)
        removedMembershipId @deleteRecord
        user { ...users_row lists { id } }
      }
      ... on Error @alias(as: "error") { code message }
    }
  }
`;
