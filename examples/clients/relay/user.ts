import { graphql } from 'relay-runtime';

export const query = graphql`
  query userQuery($uid: String!, $first: Int) {
    user(uid: $uid) {
      ...user_profile
      ...user_events @arguments(first: $first)
    }
  }
`;

/** Answered from the store, without a request, if the page of users is loaded: see `missingFieldHandlers`. */
export const heading = graphql`
  query userHeadingQuery($uid: String!) {
    user(uid: $uid) { ...users_row }
  }
`;

export const profile = graphql`
  fragment user_profile on User {
    ...users_row
    devices { id token platform lastSeenAt }
    lists { id subscribed joinedAt list { id title archivedAt } }
    segments { id suppressed segment { id name } }
  }
`;

export const events = graphql`
  fragment user_events on User
  @refetchable(queryName: "userEventsQuery")
  @argumentDefinitions(first: { type: "Int" }, after: { type: "String" }) {
    events(first: $first, after: $after) @connection(key: "user_events") {
      __id
      edges { cursor node { ...user_event } }
      pageInfo { hasNextPage }
    }
  }
`;

export const event = graphql`
  fragment user_event on Event { id name value properties timestamp }
`;

export const updateUser = graphql`
  mutation userUpdateMutation($input: UpdateUserInput!, $connections: [ID!]!) {
    updateUser(input: $input) {
      __typename
      ... on UpdateUserPayload @alias(as: "payload") {
        created
        user { ...user_profile }
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

export const addEvent = graphql`
  mutation userAddEventMutation($input: AddEventInput!, $connections: [ID!]!) {
    addEvent(input: $input) {
      __typename
      ... on AddEventPayload @alias(as: "payload") {
        eventEdge @prependEdge(connections: $connections) { cursor node { ...user_event } }
        user { ...users_row }
      }
      ... on Error @alias(as: "error") {
        code
        message
        ... on ValidationError { issues { path code message } }
      }
    }
  }
`;

export const removeDevice = graphql`
  mutation userRemoveDeviceMutation($input: RemoveDeviceInput!) {
    removeDevice(input: $input) {
      __typename
      ... on RemoveDevicePayload @alias(as: "payload") {
        removedDeviceId @deleteRecord
        user { ...users_row devices { id } }
      }
      ... on Error @alias(as: "error") { code message }
    }
  }
`;
