import { PAGE, PAGE_EVENTS } from '../questions.ts';

/** The documents of those that take usergraph's. The operation's name is the question's, for the floor to tell them by. */
export const documents = {
  user: `query User($uid: String!) {
  user(uid: $uid) { uid firstName lastName email meta createdAt devices { platform lastSeenAt } }
}`,
  page: `query Page($after: String) {
  users(first: ${PAGE}, after: $after) {
    nodes {
      uid firstName email createdAt
      devices { platform lastSeenAt }
      events(first: ${PAGE_EVENTS}) { nodes { name value properties timestamp } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
  count: `query Count { users(first: ${PAGE}) { totalCount nodes { uid firstName email } } }`,
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
