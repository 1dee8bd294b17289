import { EVENT_PAGE_SIZE, PAGE_SIZE } from '../operations.ts';

/** GraphQL documents of usergraph. The floor receives them too and selects its statement by their operation name. */
export const documents = {
  typename: 'query Typename { __typename }',
  user: `query User($uid: String!) {
  user(uid: $uid) { uid firstName lastName email meta createdAt devices { platform lastSeenAt } }
}`,
  page: `query Page($after: String) {
  users(first: ${PAGE_SIZE}, after: $after) {
    nodes {
      uid firstName email createdAt
      devices { platform lastSeenAt }
      events(first: ${EVENT_PAGE_SIZE}) { nodes { name value properties timestamp } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
  count: `query Count($after: String) {
  users(first: ${PAGE_SIZE}, after: $after) { totalCount nodes { uid firstName email } }
}`,
  filtered: `query Filtered($where: UserFilter) {
  users(first: ${PAGE_SIZE}, where: $where) { nodes { uid firstName email meta } pageInfo { hasNextPage } }
}`,
  search: `query Search($text: String) {
  users(first: ${PAGE_SIZE}, search: $text) { nodes { uid firstName email meta } pageInfo { hasNextPage } }
}`,
  segment: `query Segment($id: ID!, $after: String) {
  segment(id: $id) {
    members(first: ${PAGE_SIZE}, after: $after) { nodes { uid firstName email meta } pageInfo { hasNextPage } }
  }
}`,
  entities: `query Entities($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on User { uid firstName email meta } }
}`,
  addEvent: `mutation AddEvent($input: AddEventInput!) {
  addEvent(input: $input) {
    ... on AddEventPayload { event { name value properties timestamp } }
    ... on Error { code message }
  }
}`,
  addEvents: `mutation AddEvents($input: AddEventsInput!) {
  addEvents(input: $input) {
    ... on AddEventsPayload { addedCount items { result { ... on AddEventPayload { event { name value } } } } }
    ... on Error { code message }
  }
}`,
  upsertUser: `mutation UpsertUser($input: UpdateUserInput!) {
  updateUser(input: $input) {
    ... on UpdateUserPayload { created user { uid firstName meta } }
    ... on Error { code message }
  }
}`,
  updateUser: `mutation UpdateUser($input: UpdateUserInput!) {
  updateUser(input: $input) {
    ... on UpdateUserPayload { created user { uid firstName meta } }
    ... on Error { code message }
  }
}`,
};
