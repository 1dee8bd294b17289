import { graphql } from '../../generated/gql.ts';

export const AddEvent = graphql(`
  mutation AddEvent($input: AddEventInput!) {
    addEvent(input: $input) {
      __typename
      ... on AddEventPayload { event { ...WholeEvent } }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
      ... on NotFoundError { resource }
      ... on IdempotencyConflictError { idempotencyKey }
    }
  }
`);

/** Selects only the id, which a public key can read. */
export const TrackEvent = graphql(`
  mutation TrackEvent($input: AddEventInput!) {
    addEvent(input: $input) {
      __typename
      ... on AddEventPayload { event { id } }
      ... on Error { code message }
    }
  }
`);

export const ReadEvents = graphql(`
  query ReadEvents($uid: String!, $where: EventFilter) {
    user(uid: $uid) { events(first: 100, where: $where) { nodes { ...WholeEvent } totalCount } }
  }
`);

export const WholeEvent = graphql(`
  fragment WholeEvent on Event {
    id
    name
    value
    properties
    timestamp
    user { uid }
  }
`);

export const AddEvents = graphql(`
  mutation AddEvents($input: AddEventsInput!) {
    addEvents(input: $input) {
      __typename
      ... on AddEventsPayload {
        addedCount
        failedCount
        items {
          index
          result {
            __typename
            ... on AddEventPayload { event { id name value } }
            ... on Error { code message }
            ... on ValidationError { issues { path code } }
          }
        }
      }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
    }
  }
`);
