import { EVENT_PAGE_SIZE, PAGE_SIZE } from '../operations.ts';

/** GraphQL documents of usergraph. The floor receives them too and selects its statement by their operation name. */
export const documents = {
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
  count: `query Count { users(first: ${PAGE_SIZE}) { totalCount nodes { uid firstName email } } }`,
  entities: `query Entities($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on User { uid firstName email meta } }
}`,
  addEvent: `mutation AddEvent($input: AddEventInput!) {
  addEvent(input: $input) {
    ... on AddEventPayload { event { name value properties timestamp } }
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
