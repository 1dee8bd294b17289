/* eslint-disable */
import * as types from './graphql.ts';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query Users($first: Int, $after: String, $last: Int, $before: String) {\n    users(first: $first, after: $after, last: $last, before: $before) {\n      edges { cursor node { ...UserFields } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n  fragment UserFields on User { id uid firstName meta updatedAt }\n": typeof types.UsersDocument,
    "\n  query User($uid: String!) {\n    user(uid: $uid) {\n      ...UserFields\n      devices { ...DeviceFields }\n      lists { ...MembershipFields }\n      segments { id suppressed segment { id name } }\n      events(first: 10) { edges { ...EventEdgeFields } pageInfo { hasNextPage endCursor } }\n    }\n  }\n  fragment DeviceFields on Device { id token platform lastSeenAt }\n  fragment MembershipFields on ListMembership { id subscribed joinedAt list { id title archivedAt } }\n  fragment EventEdgeFields on EventEdge { cursor node { id name value properties timestamp } }\n": typeof types.UserDocument,
    "\n  query Lists($first: Int, $after: String) {\n    lists(first: $first, after: $after) {\n      edges { cursor node { ...ListFields } }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n  fragment ListFields on List { id title description archivedAt }\n": typeof types.ListsDocument,
    "\n  query List($id: ID!) {\n    list(id: $id) {\n      ...ListFields\n      members(first: 10) { edges { ...MemberEdgeFields } pageInfo { hasNextPage endCursor } }\n    }\n  }\n  fragment MemberEdgeFields on ListMemberEdge { id cursor subscribed joinedAt node { ...UserFields } }\n": typeof types.ListDocument,
    "\n  fragment Failure on Error {\n    code\n    message\n    ... on ValidationError { issues { path code message } }\n  }\n": typeof types.FailureFragmentDoc,
    "\n  mutation CreateUser($input: CreateUserInput!) {\n    createUser(input: $input) {\n      ... on CreateUserPayload { userEdge { cursor node { ...UserFields } } }\n      ...Failure\n    }\n  }\n": typeof types.CreateUserDocument,
    "\n  mutation UpdateUser($input: UpdateUserInput!) {\n    updateUser(input: $input) {\n      ... on UpdateUserPayload {\n        user { ...UserFields devices { ...DeviceFields } lists { ...MembershipFields } }\n        userEdge { cursor node { ...UserFields } }\n      }\n      ...Failure\n    }\n  }\n": typeof types.UpdateUserDocument,
    "\n  mutation DeleteUser($input: DeleteUserInput!) {\n    deleteUser(input: $input) {\n      ... on DeleteUserPayload { deletedUserId uid }\n      ...Failure\n    }\n  }\n": typeof types.DeleteUserDocument,
    "\n  mutation AddEvent($input: AddEventInput!) {\n    addEvent(input: $input) {\n      ... on AddEventPayload { eventEdge { ...EventEdgeFields } user { ...UserFields } }\n      ...Failure\n    }\n  }\n": typeof types.AddEventDocument,
    "\n  mutation RemoveDevice($input: RemoveDeviceInput!) {\n    removeDevice(input: $input) {\n      ... on RemoveDevicePayload { user { ...UserFields devices { ...DeviceFields } } }\n      ...Failure\n    }\n  }\n": typeof types.RemoveDeviceDocument,
    "\n  mutation CreateList($input: CreateListInput!) {\n    createList(input: $input) {\n      ... on CreateListPayload { listEdge { cursor node { ...ListFields } } }\n      ...Failure\n    }\n  }\n": typeof types.CreateListDocument,
    "\n  mutation UpdateList($input: UpdateListInput!) {\n    updateList(input: $input) {\n      ... on UpdateListPayload { list { ...ListFields } }\n      ...Failure\n    }\n  }\n": typeof types.UpdateListDocument,
    "\n  mutation ArchiveList($input: ArchiveListInput!) {\n    archiveList(input: $input) {\n      ... on ArchiveListPayload { list { ...ListFields } }\n      ...Failure\n    }\n  }\n": typeof types.ArchiveListDocument,
    "\n  mutation SetListSubscription($input: SetListSubscriptionInput!) {\n    setListSubscription(input: $input) {\n      ... on SetListSubscriptionPayload {\n        user { ...UserFields lists { ...MembershipFields } }\n        list { id }\n        edge { ...MemberEdgeFields }\n      }\n      ...Failure\n    }\n  }\n": typeof types.SetListSubscriptionDocument,
    "\n  mutation RemoveFromList($input: RemoveFromListInput!) {\n    removeFromList(input: $input) {\n      ... on RemoveFromListPayload {\n        removedEdgeId\n        user { ...UserFields lists { ...MembershipFields } }\n      }\n      ...Failure\n    }\n  }\n": typeof types.RemoveFromListDocument,
};
const documents: Documents = {
    "\n  query Users($first: Int, $after: String, $last: Int, $before: String) {\n    users(first: $first, after: $after, last: $last, before: $before) {\n      edges { cursor node { ...UserFields } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n  fragment UserFields on User { id uid firstName meta updatedAt }\n": types.UsersDocument,
    "\n  query User($uid: String!) {\n    user(uid: $uid) {\n      ...UserFields\n      devices { ...DeviceFields }\n      lists { ...MembershipFields }\n      segments { id suppressed segment { id name } }\n      events(first: 10) { edges { ...EventEdgeFields } pageInfo { hasNextPage endCursor } }\n    }\n  }\n  fragment DeviceFields on Device { id token platform lastSeenAt }\n  fragment MembershipFields on ListMembership { id subscribed joinedAt list { id title archivedAt } }\n  fragment EventEdgeFields on EventEdge { cursor node { id name value properties timestamp } }\n": types.UserDocument,
    "\n  query Lists($first: Int, $after: String) {\n    lists(first: $first, after: $after) {\n      edges { cursor node { ...ListFields } }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n  fragment ListFields on List { id title description archivedAt }\n": types.ListsDocument,
    "\n  query List($id: ID!) {\n    list(id: $id) {\n      ...ListFields\n      members(first: 10) { edges { ...MemberEdgeFields } pageInfo { hasNextPage endCursor } }\n    }\n  }\n  fragment MemberEdgeFields on ListMemberEdge { id cursor subscribed joinedAt node { ...UserFields } }\n": types.ListDocument,
    "\n  fragment Failure on Error {\n    code\n    message\n    ... on ValidationError { issues { path code message } }\n  }\n": types.FailureFragmentDoc,
    "\n  mutation CreateUser($input: CreateUserInput!) {\n    createUser(input: $input) {\n      ... on CreateUserPayload { userEdge { cursor node { ...UserFields } } }\n      ...Failure\n    }\n  }\n": types.CreateUserDocument,
    "\n  mutation UpdateUser($input: UpdateUserInput!) {\n    updateUser(input: $input) {\n      ... on UpdateUserPayload {\n        user { ...UserFields devices { ...DeviceFields } lists { ...MembershipFields } }\n        userEdge { cursor node { ...UserFields } }\n      }\n      ...Failure\n    }\n  }\n": types.UpdateUserDocument,
    "\n  mutation DeleteUser($input: DeleteUserInput!) {\n    deleteUser(input: $input) {\n      ... on DeleteUserPayload { deletedUserId uid }\n      ...Failure\n    }\n  }\n": types.DeleteUserDocument,
    "\n  mutation AddEvent($input: AddEventInput!) {\n    addEvent(input: $input) {\n      ... on AddEventPayload { eventEdge { ...EventEdgeFields } user { ...UserFields } }\n      ...Failure\n    }\n  }\n": types.AddEventDocument,
    "\n  mutation RemoveDevice($input: RemoveDeviceInput!) {\n    removeDevice(input: $input) {\n      ... on RemoveDevicePayload { user { ...UserFields devices { ...DeviceFields } } }\n      ...Failure\n    }\n  }\n": types.RemoveDeviceDocument,
    "\n  mutation CreateList($input: CreateListInput!) {\n    createList(input: $input) {\n      ... on CreateListPayload { listEdge { cursor node { ...ListFields } } }\n      ...Failure\n    }\n  }\n": types.CreateListDocument,
    "\n  mutation UpdateList($input: UpdateListInput!) {\n    updateList(input: $input) {\n      ... on UpdateListPayload { list { ...ListFields } }\n      ...Failure\n    }\n  }\n": types.UpdateListDocument,
    "\n  mutation ArchiveList($input: ArchiveListInput!) {\n    archiveList(input: $input) {\n      ... on ArchiveListPayload { list { ...ListFields } }\n      ...Failure\n    }\n  }\n": types.ArchiveListDocument,
    "\n  mutation SetListSubscription($input: SetListSubscriptionInput!) {\n    setListSubscription(input: $input) {\n      ... on SetListSubscriptionPayload {\n        user { ...UserFields lists { ...MembershipFields } }\n        list { id }\n        edge { ...MemberEdgeFields }\n      }\n      ...Failure\n    }\n  }\n": types.SetListSubscriptionDocument,
    "\n  mutation RemoveFromList($input: RemoveFromListInput!) {\n    removeFromList(input: $input) {\n      ... on RemoveFromListPayload {\n        removedEdgeId\n        user { ...UserFields lists { ...MembershipFields } }\n      }\n      ...Failure\n    }\n  }\n": types.RemoveFromListDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Users($first: Int, $after: String, $last: Int, $before: String) {\n    users(first: $first, after: $after, last: $last, before: $before) {\n      edges { cursor node { ...UserFields } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n  fragment UserFields on User { id uid firstName meta updatedAt }\n"): (typeof documents)["\n  query Users($first: Int, $after: String, $last: Int, $before: String) {\n    users(first: $first, after: $after, last: $last, before: $before) {\n      edges { cursor node { ...UserFields } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n  fragment UserFields on User { id uid firstName meta updatedAt }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query User($uid: String!) {\n    user(uid: $uid) {\n      ...UserFields\n      devices { ...DeviceFields }\n      lists { ...MembershipFields }\n      segments { id suppressed segment { id name } }\n      events(first: 10) { edges { ...EventEdgeFields } pageInfo { hasNextPage endCursor } }\n    }\n  }\n  fragment DeviceFields on Device { id token platform lastSeenAt }\n  fragment MembershipFields on ListMembership { id subscribed joinedAt list { id title archivedAt } }\n  fragment EventEdgeFields on EventEdge { cursor node { id name value properties timestamp } }\n"): (typeof documents)["\n  query User($uid: String!) {\n    user(uid: $uid) {\n      ...UserFields\n      devices { ...DeviceFields }\n      lists { ...MembershipFields }\n      segments { id suppressed segment { id name } }\n      events(first: 10) { edges { ...EventEdgeFields } pageInfo { hasNextPage endCursor } }\n    }\n  }\n  fragment DeviceFields on Device { id token platform lastSeenAt }\n  fragment MembershipFields on ListMembership { id subscribed joinedAt list { id title archivedAt } }\n  fragment EventEdgeFields on EventEdge { cursor node { id name value properties timestamp } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Lists($first: Int, $after: String) {\n    lists(first: $first, after: $after) {\n      edges { cursor node { ...ListFields } }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n  fragment ListFields on List { id title description archivedAt }\n"): (typeof documents)["\n  query Lists($first: Int, $after: String) {\n    lists(first: $first, after: $after) {\n      edges { cursor node { ...ListFields } }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n  fragment ListFields on List { id title description archivedAt }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query List($id: ID!) {\n    list(id: $id) {\n      ...ListFields\n      members(first: 10) { edges { ...MemberEdgeFields } pageInfo { hasNextPage endCursor } }\n    }\n  }\n  fragment MemberEdgeFields on ListMemberEdge { id cursor subscribed joinedAt node { ...UserFields } }\n"): (typeof documents)["\n  query List($id: ID!) {\n    list(id: $id) {\n      ...ListFields\n      members(first: 10) { edges { ...MemberEdgeFields } pageInfo { hasNextPage endCursor } }\n    }\n  }\n  fragment MemberEdgeFields on ListMemberEdge { id cursor subscribed joinedAt node { ...UserFields } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Failure on Error {\n    code\n    message\n    ... on ValidationError { issues { path code message } }\n  }\n"): (typeof documents)["\n  fragment Failure on Error {\n    code\n    message\n    ... on ValidationError { issues { path code message } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateUser($input: CreateUserInput!) {\n    createUser(input: $input) {\n      ... on CreateUserPayload { userEdge { cursor node { ...UserFields } } }\n      ...Failure\n    }\n  }\n"): (typeof documents)["\n  mutation CreateUser($input: CreateUserInput!) {\n    createUser(input: $input) {\n      ... on CreateUserPayload { userEdge { cursor node { ...UserFields } } }\n      ...Failure\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateUser($input: UpdateUserInput!) {\n    updateUser(input: $input) {\n      ... on UpdateUserPayload {\n        user { ...UserFields devices { ...DeviceFields } lists { ...MembershipFields } }\n        userEdge { cursor node { ...UserFields } }\n      }\n      ...Failure\n    }\n  }\n"): (typeof documents)["\n  mutation UpdateUser($input: UpdateUserInput!) {\n    updateUser(input: $input) {\n      ... on UpdateUserPayload {\n        user { ...UserFields devices { ...DeviceFields } lists { ...MembershipFields } }\n        userEdge { cursor node { ...UserFields } }\n      }\n      ...Failure\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeleteUser($input: DeleteUserInput!) {\n    deleteUser(input: $input) {\n      ... on DeleteUserPayload { deletedUserId uid }\n      ...Failure\n    }\n  }\n"): (typeof documents)["\n  mutation DeleteUser($input: DeleteUserInput!) {\n    deleteUser(input: $input) {\n      ... on DeleteUserPayload { deletedUserId uid }\n      ...Failure\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation AddEvent($input: AddEventInput!) {\n    addEvent(input: $input) {\n      ... on AddEventPayload { eventEdge { ...EventEdgeFields } user { ...UserFields } }\n      ...Failure\n    }\n  }\n"): (typeof documents)["\n  mutation AddEvent($input: AddEventInput!) {\n    addEvent(input: $input) {\n      ... on AddEventPayload { eventEdge { ...EventEdgeFields } user { ...UserFields } }\n      ...Failure\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RemoveDevice($input: RemoveDeviceInput!) {\n    removeDevice(input: $input) {\n      ... on RemoveDevicePayload { user { ...UserFields devices { ...DeviceFields } } }\n      ...Failure\n    }\n  }\n"): (typeof documents)["\n  mutation RemoveDevice($input: RemoveDeviceInput!) {\n    removeDevice(input: $input) {\n      ... on RemoveDevicePayload { user { ...UserFields devices { ...DeviceFields } } }\n      ...Failure\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateList($input: CreateListInput!) {\n    createList(input: $input) {\n      ... on CreateListPayload { listEdge { cursor node { ...ListFields } } }\n      ...Failure\n    }\n  }\n"): (typeof documents)["\n  mutation CreateList($input: CreateListInput!) {\n    createList(input: $input) {\n      ... on CreateListPayload { listEdge { cursor node { ...ListFields } } }\n      ...Failure\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateList($input: UpdateListInput!) {\n    updateList(input: $input) {\n      ... on UpdateListPayload { list { ...ListFields } }\n      ...Failure\n    }\n  }\n"): (typeof documents)["\n  mutation UpdateList($input: UpdateListInput!) {\n    updateList(input: $input) {\n      ... on UpdateListPayload { list { ...ListFields } }\n      ...Failure\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ArchiveList($input: ArchiveListInput!) {\n    archiveList(input: $input) {\n      ... on ArchiveListPayload { list { ...ListFields } }\n      ...Failure\n    }\n  }\n"): (typeof documents)["\n  mutation ArchiveList($input: ArchiveListInput!) {\n    archiveList(input: $input) {\n      ... on ArchiveListPayload { list { ...ListFields } }\n      ...Failure\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SetListSubscription($input: SetListSubscriptionInput!) {\n    setListSubscription(input: $input) {\n      ... on SetListSubscriptionPayload {\n        user { ...UserFields lists { ...MembershipFields } }\n        list { id }\n        edge { ...MemberEdgeFields }\n      }\n      ...Failure\n    }\n  }\n"): (typeof documents)["\n  mutation SetListSubscription($input: SetListSubscriptionInput!) {\n    setListSubscription(input: $input) {\n      ... on SetListSubscriptionPayload {\n        user { ...UserFields lists { ...MembershipFields } }\n        list { id }\n        edge { ...MemberEdgeFields }\n      }\n      ...Failure\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RemoveFromList($input: RemoveFromListInput!) {\n    removeFromList(input: $input) {\n      ... on RemoveFromListPayload {\n        removedEdgeId\n        user { ...UserFields lists { ...MembershipFields } }\n      }\n      ...Failure\n    }\n  }\n"): (typeof documents)["\n  mutation RemoveFromList($input: RemoveFromListInput!) {\n    removeFromList(input: $input) {\n      ... on RemoveFromListPayload {\n        removedEdgeId\n        user { ...UserFields lists { ...MembershipFields } }\n      }\n      ...Failure\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;