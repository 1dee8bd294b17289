import { graphql } from '../../generated/gql.ts';

export const CreateUser = graphql(`
  mutation CreateUser($input: CreateUserInput!) {
    createUser(input: $input) {
      __typename
      ... on CreateUserPayload { user { ...WholeUser } }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
      ... on UidTakenError { uid }
      ... on NotFoundError { resource }
      ... on IdempotencyConflictError { idempotencyKey }
    }
  }
`);

export const UpdateUser = graphql(`
  mutation UpdateUser($input: UpdateUserInput!) {
    updateUser(input: $input) {
      __typename
      ... on UpdateUserPayload { created user { ...WholeUser } }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
      ... on UidTakenError { uid }
      ... on UidNotUpdateableError { uid }
      ... on ForbiddenError { requiredScope }
      ... on NotFoundError { resource }
    }
  }
`);

export const UpsertUsers = graphql(`
  mutation UpsertUsers($input: UpsertUsersInput!) {
    upsertUsers(input: $input) {
      __typename
      ... on UpsertUsersPayload {
        createdCount
        updatedCount
        failedCount
        items {
          index
          result {
            __typename
            ... on UpdateUserPayload { created user { id uid } }
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

/** Selects only the ids, which a public key can read. */
export const IdentifyUser = graphql(`
  mutation IdentifyUser($input: UpdateUserInput!) {
    updateUser(input: $input) {
      __typename
      ... on UpdateUserPayload { created user { id uid } }
      ... on Error { code message }
      ... on ForbiddenError { requiredScope }
    }
  }
`);

/** Selects only the ids, which a public key can read. */
export const SignUpUser = graphql(`
  mutation SignUpUser($input: CreateUserInput!) {
    createUser(input: $input) {
      __typename
      ... on CreateUserPayload { user { id uid } }
      ... on Error { code message }
      ... on UidTakenError { uid }
    }
  }
`);

export const DeleteUser = graphql(`
  mutation DeleteUser($input: DeleteUserInput!) {
    deleteUser(input: $input) {
      __typename
      ... on DeleteUserPayload { deletedUserId uid }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
      ... on NotFoundError { resource }
    }
  }
`);

export const ReadUser = graphql(`
  query ReadUser($uid: String!) {
    user(uid: $uid) { ...WholeUser }
  }
`);

/** Every field of the user object of the REST API, and `updatedAt`. */
export const WholeUser = graphql(`
  fragment WholeUser on User {
    id
    uid
    uidUpdateable
    firstName
    lastName
    number
    email
    isAccount
    timeZone
    appVersion
    appBuild
    appLastActiveAt
    devices { token platform lastSeenAt }
    lists { subscribed joinedAt list { id title } }
    segments { suppressed segment { id name } }
    meta
    createdAt
    updatedAt
  }
`);

export const DeleteUsers = graphql(`
  mutation DeleteUsers($input: DeleteUsersInput!) {
    deleteUsers(input: $input) {
      __typename
      ... on DeleteUsersPayload {
        deletedCount
        failedCount
        items {
          index
          result {
            __typename
            ... on DeleteUserPayload { deletedUserId uid }
            ... on Error { code message }
            ... on ValidationError { issues { path code } }
            ... on NotFoundError { resource }
          }
        }
      }
      ... on Error { code message }
      ... on ValidationError { issues { path code } }
    }
  }
`);
