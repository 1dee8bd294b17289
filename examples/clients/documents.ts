// The operations of the frontend. Each mutation selects what the caches of clients need: docs/graphql.md, "Client caches".
import { graphql } from './generated/gql.ts';
import type {
  AddEventMutation,
  ArchiveListMutation,
  CreateListMutation,
  CreateUserMutation,
  DeleteUserMutation,
  RemoveDeviceMutation,
  RemoveFromListMutation,
  SetListSubscriptionMutation,
  UpdateListMutation,
  UpdateUserMutation,
} from './generated/graphql.ts';

/** Newest first. Pages forward with `first` and `after`, backward with `last` and `before`. */
export const Users = graphql(`
  query Users($first: Int, $after: String, $last: Int, $before: String) {
    users(first: $first, after: $after, last: $last, before: $before) {
      edges { cursor node { ...UserFields } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
  fragment UserFields on User { id uid firstName meta updatedAt }
`);

export const User = graphql(`
  query User($uid: String!) {
    user(uid: $uid) {
      ...UserFields
      devices { ...DeviceFields }
      lists { ...MembershipFields }
      segments { id suppressed segment { id name } }
      events(first: 10) { edges { ...EventEdgeFields } pageInfo { hasNextPage endCursor } }
    }
  }
  fragment DeviceFields on Device { id token platform lastSeenAt }
  fragment MembershipFields on ListMembership { id subscribed joinedAt list { id title archivedAt } }
  fragment EventEdgeFields on EventEdge { cursor node { id name value properties timestamp } }
`);

export const Lists = graphql(`
  query Lists($first: Int, $after: String) {
    lists(first: $first, after: $after) {
      edges { cursor node { ...ListFields } }
      pageInfo { hasNextPage endCursor }
    }
  }
  fragment ListFields on List { id title description archivedAt }
`);

export const List = graphql(`
  query List($id: ID!) {
    list(id: $id) {
      ...ListFields
      members(first: 10) { edges { ...MemberEdgeFields } pageInfo { hasNextPage endCursor } }
    }
  }
  fragment MemberEdgeFields on ListMemberEdge { id cursor subscribed joinedAt node { ...UserFields } }
`);

/** The fields of every error type. Each mutation returns its payload or one of these. */
export const Failure = graphql(`
  fragment Failure on Error {
    code
    message
    ... on ValidationError { issues { path code message } }
  }
`);

export const CreateUser = graphql(`
  mutation CreateUser($input: CreateUserInput!) {
    createUser(input: $input) {
      ... on CreateUserPayload { userEdge { cursor node { ...UserFields } } }
      ...Failure
    }
  }
`);

/** Updates a user or creates it; `userEdge` is set only if the user was created. */
export const UpdateUser = graphql(`
  mutation UpdateUser($input: UpdateUserInput!) {
    updateUser(input: $input) {
      ... on UpdateUserPayload {
        user { ...UserFields devices { ...DeviceFields } lists { ...MembershipFields } }
        userEdge { cursor node { ...UserFields } }
      }
      ...Failure
    }
  }
`);

export const DeleteUser = graphql(`
  mutation DeleteUser($input: DeleteUserInput!) {
    deleteUser(input: $input) {
      ... on DeleteUserPayload { deletedUserId uid }
      ...Failure
    }
  }
`);

export const AddEvent = graphql(`
  mutation AddEvent($input: AddEventInput!) {
    addEvent(input: $input) {
      ... on AddEventPayload { eventEdge { ...EventEdgeFields } user { ...UserFields } }
      ...Failure
    }
  }
`);

export const RemoveDevice = graphql(`
  mutation RemoveDevice($input: RemoveDeviceInput!) {
    removeDevice(input: $input) {
      ... on RemoveDevicePayload { user { ...UserFields devices { ...DeviceFields } } }
      ...Failure
    }
  }
`);

export const CreateList = graphql(`
  mutation CreateList($input: CreateListInput!) {
    createList(input: $input) {
      ... on CreateListPayload { listEdge { cursor node { ...ListFields } } }
      ...Failure
    }
  }
`);

export const UpdateList = graphql(`
  mutation UpdateList($input: UpdateListInput!) {
    updateList(input: $input) {
      ... on UpdateListPayload { list { ...ListFields } }
      ...Failure
    }
  }
`);

export const ArchiveList = graphql(`
  mutation ArchiveList($input: ArchiveListInput!) {
    archiveList(input: $input) {
      ... on ArchiveListPayload { list { ...ListFields } }
      ...Failure
    }
  }
`);

/** `edge` may belong to a member whom the cache already has. */
export const SetListSubscription = graphql(`
  mutation SetListSubscription($input: SetListSubscriptionInput!) {
    setListSubscription(input: $input) {
      ... on SetListSubscriptionPayload {
        user { ...UserFields lists { ...MembershipFields } }
        list { id }
        edge { ...MemberEdgeFields }
      }
      ...Failure
    }
  }
`);

export const RemoveFromList = graphql(`
  mutation RemoveFromList($input: RemoveFromListInput!) {
    removeFromList(input: $input) {
      ... on RemoveFromListPayload {
        removedEdgeId
        user { ...UserFields lists { ...MembershipFields } }
      }
      ...Failure
    }
  }
`);

/** The result of a mutation: its payload or an error, distinguished by `__typename`. */
export type MutationResult =
  | AddEventMutation['addEvent']
  | ArchiveListMutation['archiveList']
  | CreateListMutation['createList']
  | CreateUserMutation['createUser']
  | DeleteUserMutation['deleteUser']
  | RemoveDeviceMutation['removeDevice']
  | RemoveFromListMutation['removeFromList']
  | SetListSubscriptionMutation['setListSubscription']
  | UpdateListMutation['updateList']
  | UpdateUserMutation['updateUser'];
