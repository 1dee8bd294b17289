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
    "query WhoWrites { viewer { keyId } }": typeof types.WhoWritesDocument,
    "query KeyInUse { viewer { keyId } }": typeof types.KeyInUseDocument,
    "mutation Seen { addEvent(input: { uid: \"ada@example.com\", name: \"Seen\", value: \"ada\" }) { __typename } }": typeof types.SeenDocument,
    "\n  query WhoAmI {\n    viewer { workspace keyId scopes }\n  }\n": typeof types.WhoAmIDocument,
    "\n  query EventsOfUsers($where: EventFilter) {\n    users { nodes { uid events(where: $where) { nodes { name } totalCount } } }\n  }\n": typeof types.EventsOfUsersDocument,
    "\n  query EventsFiltered($where: EventFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    user(uid: \"u144\") {\n      events(where: $where, first: $first, after: $after, last: $last, before: $before) {\n        nodes { name }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      }\n    }\n  }\n": typeof types.EventsFilteredDocument,
    "\n  query FullPage($first: Int!) {\n    users(first: $first) {\n      totalCount\n      totalCountIsCapped\n      pageInfo { hasNextPage endCursor }\n      edges { cursor }\n      nodes {\n        uid\n        devices { token }\n        lists { subscribed list { title members { totalCount edges { node { uid } } } } }\n        segments { suppressed segment { name members { totalCount nodes { uid } } } }\n        events(first: 2) { totalCount pageInfo { hasNextPage } nodes { name user { uid devices { token } } } }\n      }\n    }\n  }\n": typeof types.FullPageDocument,
    "\n  query Aliases {\n    one: users(first: 2) { ...everything }\n    two: users(first: 2) { ...everything }\n    three: users(first: 2) { ...everything }\n  }\n  fragment everything on UserConnection {\n    totalCount\n    nodes {\n      devices { token }\n      again: devices { platform }\n      lists { list { title } }\n      onceMore: lists { list { createdAt } }\n      segments { segment { name } }\n      events { nodes { name } }\n      events2: events { nodes { timestamp } totalCount }\n      events3: events { totalCount }\n    }\n  }\n": typeof types.AliasesDocument,
    "\n  query ManyNodes($ids: [ID!]!) {\n    nodes(ids: $ids) { id ... on User { uid } ... on List { title } ... on Segment { name } ... on Event { name } }\n  }\n": typeof types.ManyNodesDocument,
    "\n  query ReadById($list: ID!, $segment: ID!, $event: ID!) {\n    list(id: $list) { __typename id title }\n    segment(id: $segment) { __typename id name }\n    event(id: $event) { __typename id name user { uid } }\n  }\n": typeof types.ReadByIdDocument,
    "\n  query ReadIds($uid: String!) {\n    user(uid: $uid) { id devices { id } lists { id } segments { id } }\n    lists(last: 1) { nodes { members { edges { id } } } }\n  }\n": typeof types.ReadIdsDocument,
    "\n  query NodeOfUnknownId($id: ID!) {\n    node(id: $id) { id }\n  }\n": typeof types.NodeOfUnknownIdDocument,
    "\n  mutation MoveDevice($uid: String!, $token: String!) {\n    updateUser(input: { uid: $uid, device: { token: $token, platform: IOS } }) { __typename }\n  }\n": typeof types.MoveDeviceDocument,
    "\n  query NodeOfId($id: ID!) {\n    node(id: $id) { __typename id }\n  }\n": typeof types.NodeOfIdDocument,
    "\n  query NodesOfIds($ids: [ID!]!) {\n    nodes(ids: $ids) { __typename id }\n  }\n": typeof types.NodesOfIdsDocument,
    "\n  query IdsEverywhere {\n    user(uid: \"u1\") {\n      id\n      lists { list { id } }\n      segments { segment { id } }\n      events { nodes { id user { id } } }\n    }\n    users { nodes { id } }\n    lists { nodes { id members { edges { node { id } } } } }\n    segments { nodes { id members { nodes { id } } } }\n  }\n": typeof types.IdsEverywhereDocument,
    "\n  query EventsPage(\n    $user: ID!\n    $where: EventFilter\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    node(id: $user) {\n      ... on User {\n        events(where: $where, first: $first, after: $after, last: $last, before: $before) {\n          edges @include(if: $page) { cursor node { id } }\n          nodes @include(if: $page) { id }\n          pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n          totalCount @include(if: $count)\n          totalCountIsCapped @include(if: $count)\n        }\n      }\n    }\n  }\n": typeof types.EventsPageDocument,
    "\n  query ListMembersFiltered(\n    $parent: ID!\n    $where: UserFilter\n    $orderBy: UserOrder\n    $subscribed: Boolean\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n  ) {\n    list(id: $parent) {\n      members(\n        where: $where\n        orderBy: $orderBy\n        subscribed: $subscribed\n        first: $first\n        after: $after\n        last: $last\n        before: $before\n      ) {\n        edges { id cursor subscribed joinedAt node { id } }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n        totalCount\n        totalCountIsCapped\n      }\n    }\n  }\n": typeof types.ListMembersFilteredDocument,
    "\n  query SegmentMembersFiltered(\n    $parent: ID!\n    $where: UserFilter\n    $orderBy: UserOrder\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n  ) {\n    segment(id: $parent) {\n      members(where: $where, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n        edges { cursor node { id } }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n        totalCount\n        totalCountIsCapped\n      }\n    }\n  }\n": typeof types.SegmentMembersFilteredDocument,
    "\n  query UsersFiltered($where: UserFilter, $orderBy: UserOrder, $first: Int, $after: String, $before: String) {\n    users(where: $where, orderBy: $orderBy, first: $first, after: $after, before: $before) {\n      edges { cursor node { id uid } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": typeof types.UsersFilteredDocument,
    "\n  query ListMembersPage(\n    $list: ID!\n    $subscribed: Boolean\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    node(id: $list) {\n      ... on List {\n        members(subscribed: $subscribed, first: $first, after: $after, last: $last, before: $before) {\n          edges @include(if: $page) { cursor node { id } }\n          pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n          totalCount @include(if: $count)\n          totalCountIsCapped @include(if: $count)\n        }\n      }\n    }\n  }\n": typeof types.ListMembersPageDocument,
    "\n  query ListsPage(\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    lists(first: $first, after: $after, last: $last, before: $before) {\n      edges @include(if: $page) { cursor node { id } }\n      nodes @include(if: $page) { id }\n      pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount @include(if: $count)\n      totalCountIsCapped @include(if: $count)\n    }\n  }\n": typeof types.ListsPageDocument,
    "\n  query SegmentMembersPage(\n    $segment: ID!\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    node(id: $segment) {\n      ... on Segment {\n        members(first: $first, after: $after, last: $last, before: $before) {\n          edges @include(if: $page) { cursor node { id } }\n          nodes @include(if: $page) { id }\n          pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n          totalCount @include(if: $count)\n          totalCountIsCapped @include(if: $count)\n        }\n      }\n    }\n  }\n": typeof types.SegmentMembersPageDocument,
    "\n  query SegmentsPage(\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    segments(first: $first, after: $after, last: $last, before: $before) {\n      edges @include(if: $page) { cursor node { id } }\n      nodes @include(if: $page) { id }\n      pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount @include(if: $count)\n      totalCountIsCapped @include(if: $count)\n    }\n  }\n": typeof types.SegmentsPageDocument,
    "\n  query CountEvents($user: ID!) {\n    node(id: $user) { ... on User { events { totalCount totalCountIsCapped } } }\n  }\n": typeof types.CountEventsDocument,
    "\n  query UsersPage(\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    users(first: $first, after: $after, last: $last, before: $before) {\n      edges @include(if: $page) { cursor node { id } }\n      nodes @include(if: $page) { id }\n      pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount @include(if: $count)\n      totalCountIsCapped @include(if: $count)\n    }\n  }\n": typeof types.UsersPageDocument,
    "\n  mutation PutUser($input: UpdateUserInput!) {\n    updateUser(input: $input) { ... on UpdateUserPayload { created user { id } } ... on Error { code } }\n  }\n": typeof types.PutUserDocument,
    "\n  query UserOfUid($uid: String!) {\n    user(uid: $uid) { id firstName devices { token } }\n  }\n": typeof types.UserOfUidDocument,
    "\n  mutation DropUser($uid: String!) {\n    deleteUser(input: { uid: $uid }) { ... on DeleteUserPayload { uid } ... on Error { code } }\n  }\n": typeof types.DropUserDocument,
    "\n  query EverythingOf($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on User { email lists { list { title } } segments { segment { name } } events { totalCount nodes { name } } }\n      ... on List { members { totalCount edges { node { email } } } }\n      ... on Segment { members { totalCount nodes { email } } }\n      ... on Event { name user { email } }\n    }\n  }\n": typeof types.EverythingOfDocument,
    "\n  query SlowEvents { user(uid: \"u10\") { events(where: { value: { exists: false } }) { nodes { name } } } }\n": typeof types.SlowEventsDocument,
    "\n  query SlowEventCount { user(uid: \"u10\") { events(where: { value: { exists: false } }) { totalCount } } }\n": typeof types.SlowEventCountDocument,
    "\n  query SlowUsers { users(where: { events: [{ name: { eq: \"Paid\" } }] }) { nodes { uid } } }\n": typeof types.SlowUsersDocument,
    "query DevicesOf($uid: String!) { user(uid: $uid) { uid devices { token } } }": typeof types.DevicesOfDocument,
    "query TwoUsers { a: user(uid: \"u1\") { uid createdAt } b: user(uid: \"u2\") { uid } }": typeof types.TwoUsersDocument,
    "\n  mutation CreateAt($at: DateTime!) {\n    createUser(input: { uid: \"u1\", createdAt: $at }) { ... on CreateUserPayload { user { createdAt } } }\n    addEvent(input: { uid: \"u1\", name: \"Paid\", timestamp: $at }) { ... on AddEventPayload { event { timestamp } } }\n  }\n": typeof types.CreateAtDocument,
    "\n  query EventsBetween($since: DateTime, $until: DateTime) {\n    user(uid: \"u1\") { createdAt events(where: { since: $since, until: $until }) { nodes { timestamp } } }\n  }\n": typeof types.EventsBetweenDocument,
    "\n  mutation RemoveDevice($input: RemoveDeviceInput!) {\n    removeDevice(input: $input) {\n      __typename\n      ... on RemoveDevicePayload { removedToken }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n": typeof types.RemoveDeviceDocument,
    "\n  mutation AddEvent($input: AddEventInput!) {\n    addEvent(input: $input) {\n      __typename\n      ... on AddEventPayload { event { ...WholeEvent } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n      ... on IdempotencyConflictError { idempotencyKey }\n    }\n  }\n": typeof types.AddEventDocument,
    "\n  mutation TrackEvent($input: AddEventInput!) {\n    addEvent(input: $input) {\n      __typename\n      ... on AddEventPayload { event { id } }\n      ... on Error { code message }\n    }\n  }\n": typeof types.TrackEventDocument,
    "\n  query ReadEvents($uid: String!, $where: EventFilter) {\n    user(uid: $uid) { events(first: 100, where: $where) { nodes { ...WholeEvent } totalCount } }\n  }\n": typeof types.ReadEventsDocument,
    "\n  fragment WholeEvent on Event {\n    id\n    name\n    value\n    properties\n    timestamp\n    user { uid }\n  }\n": typeof types.WholeEventFragmentDoc,
    "\n  mutation CreateList($input: CreateListInput!) {\n    createList(input: $input) {\n      __typename\n      ... on CreateListPayload { list { ...WholeList } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n    }\n  }\n": typeof types.CreateListDocument,
    "\n  mutation UpdateList($input: UpdateListInput!) {\n    updateList(input: $input) {\n      __typename\n      ... on UpdateListPayload { list { ...WholeList } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n": typeof types.UpdateListDocument,
    "\n  mutation ArchiveList($input: ArchiveListInput!) {\n    archiveList(input: $input) {\n      __typename\n      ... on ArchiveListPayload { list { ...WholeList } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n": typeof types.ArchiveListDocument,
    "\n  mutation SetListSubscription($input: SetListSubscriptionInput!) {\n    setListSubscription(input: $input) {\n      __typename\n      ... on SetListSubscriptionPayload { membership { subscribed joinedAt list { id title } } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n      ... on ListArchivedError { listId }\n    }\n  }\n": typeof types.SetListSubscriptionDocument,
    "\n  mutation RemoveFromList($input: RemoveFromListInput!) {\n    removeFromList(input: $input) {\n      __typename\n      ... on RemoveFromListPayload { userId listId }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n": typeof types.RemoveFromListDocument,
    "\n  query ReadLists {\n    lists(first: 100) { nodes { ...WholeList } }\n  }\n": typeof types.ReadListsDocument,
    "\n  query ReadListMembers($id: ID!, $subscribed: Boolean) {\n    node(id: $id) {\n      ... on List {\n        members(first: 100, subscribed: $subscribed) { edges { subscribed joinedAt node { uid } } totalCount }\n      }\n    }\n  }\n": typeof types.ReadListMembersDocument,
    "\n  fragment WholeList on List {\n    id\n    title\n    description\n    createdAt\n    archivedAt\n  }\n": typeof types.WholeListFragmentDoc,
    "\n  query ReadSegments {\n    segments(first: 20) {\n      nodes { id name members(first: 20) { nodes { uid segments { suppressed segment { id } } } totalCount } }\n    }\n  }\n": typeof types.ReadSegmentsDocument,
    "\n  mutation CreateUser($input: CreateUserInput!) {\n    createUser(input: $input) {\n      __typename\n      ... on CreateUserPayload { user { ...WholeUser } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on UidTakenError { uid }\n      ... on NotFoundError { resource }\n      ... on IdempotencyConflictError { idempotencyKey }\n    }\n  }\n": typeof types.CreateUserDocument,
    "\n  mutation UpdateUser($input: UpdateUserInput!) {\n    updateUser(input: $input) {\n      __typename\n      ... on UpdateUserPayload { created user { ...WholeUser } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on UidTakenError { uid }\n      ... on UidNotUpdateableError { uid }\n      ... on ForbiddenError { requiredScope }\n      ... on NotFoundError { resource }\n    }\n  }\n": typeof types.UpdateUserDocument,
    "\n  mutation IdentifyUser($input: UpdateUserInput!) {\n    updateUser(input: $input) {\n      __typename\n      ... on UpdateUserPayload { created user { id uid } }\n      ... on Error { code message }\n      ... on ForbiddenError { requiredScope }\n    }\n  }\n": typeof types.IdentifyUserDocument,
    "\n  mutation SignUpUser($input: CreateUserInput!) {\n    createUser(input: $input) {\n      __typename\n      ... on CreateUserPayload { user { id uid } }\n      ... on Error { code message }\n      ... on UidTakenError { uid }\n    }\n  }\n": typeof types.SignUpUserDocument,
    "\n  mutation DeleteUser($input: DeleteUserInput!) {\n    deleteUser(input: $input) {\n      __typename\n      ... on DeleteUserPayload { deletedUserId uid }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n": typeof types.DeleteUserDocument,
    "\n  query ReadUser($uid: String!) {\n    user(uid: $uid) { ...WholeUser }\n  }\n": typeof types.ReadUserDocument,
    "\n  fragment WholeUser on User {\n    id\n    uid\n    uidUpdateable\n    firstName\n    lastName\n    number\n    email\n    isAccount\n    timeZone\n    appVersion\n    appBuild\n    appLastActiveAt\n    devices { token platform lastSeenAt }\n    lists { subscribed joinedAt list { id title } }\n    segments { suppressed segment { id name } }\n    meta\n    createdAt\n    updatedAt\n  }\n": typeof types.WholeUserFragmentDoc,
    "\n  query ForeignCursors {\n    users(first: 1) { edges { cursor } }\n    lists(first: 1) { edges { cursor } }\n    segments(first: 1) { edges { cursor } }\n  }\n": typeof types.ForeignCursorsDocument,
};
const documents: Documents = {
    "query WhoWrites { viewer { keyId } }": types.WhoWritesDocument,
    "query KeyInUse { viewer { keyId } }": types.KeyInUseDocument,
    "mutation Seen { addEvent(input: { uid: \"ada@example.com\", name: \"Seen\", value: \"ada\" }) { __typename } }": types.SeenDocument,
    "\n  query WhoAmI {\n    viewer { workspace keyId scopes }\n  }\n": types.WhoAmIDocument,
    "\n  query EventsOfUsers($where: EventFilter) {\n    users { nodes { uid events(where: $where) { nodes { name } totalCount } } }\n  }\n": types.EventsOfUsersDocument,
    "\n  query EventsFiltered($where: EventFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    user(uid: \"u144\") {\n      events(where: $where, first: $first, after: $after, last: $last, before: $before) {\n        nodes { name }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      }\n    }\n  }\n": types.EventsFilteredDocument,
    "\n  query FullPage($first: Int!) {\n    users(first: $first) {\n      totalCount\n      totalCountIsCapped\n      pageInfo { hasNextPage endCursor }\n      edges { cursor }\n      nodes {\n        uid\n        devices { token }\n        lists { subscribed list { title members { totalCount edges { node { uid } } } } }\n        segments { suppressed segment { name members { totalCount nodes { uid } } } }\n        events(first: 2) { totalCount pageInfo { hasNextPage } nodes { name user { uid devices { token } } } }\n      }\n    }\n  }\n": types.FullPageDocument,
    "\n  query Aliases {\n    one: users(first: 2) { ...everything }\n    two: users(first: 2) { ...everything }\n    three: users(first: 2) { ...everything }\n  }\n  fragment everything on UserConnection {\n    totalCount\n    nodes {\n      devices { token }\n      again: devices { platform }\n      lists { list { title } }\n      onceMore: lists { list { createdAt } }\n      segments { segment { name } }\n      events { nodes { name } }\n      events2: events { nodes { timestamp } totalCount }\n      events3: events { totalCount }\n    }\n  }\n": types.AliasesDocument,
    "\n  query ManyNodes($ids: [ID!]!) {\n    nodes(ids: $ids) { id ... on User { uid } ... on List { title } ... on Segment { name } ... on Event { name } }\n  }\n": types.ManyNodesDocument,
    "\n  query ReadById($list: ID!, $segment: ID!, $event: ID!) {\n    list(id: $list) { __typename id title }\n    segment(id: $segment) { __typename id name }\n    event(id: $event) { __typename id name user { uid } }\n  }\n": types.ReadByIdDocument,
    "\n  query ReadIds($uid: String!) {\n    user(uid: $uid) { id devices { id } lists { id } segments { id } }\n    lists(last: 1) { nodes { members { edges { id } } } }\n  }\n": types.ReadIdsDocument,
    "\n  query NodeOfUnknownId($id: ID!) {\n    node(id: $id) { id }\n  }\n": types.NodeOfUnknownIdDocument,
    "\n  mutation MoveDevice($uid: String!, $token: String!) {\n    updateUser(input: { uid: $uid, device: { token: $token, platform: IOS } }) { __typename }\n  }\n": types.MoveDeviceDocument,
    "\n  query NodeOfId($id: ID!) {\n    node(id: $id) { __typename id }\n  }\n": types.NodeOfIdDocument,
    "\n  query NodesOfIds($ids: [ID!]!) {\n    nodes(ids: $ids) { __typename id }\n  }\n": types.NodesOfIdsDocument,
    "\n  query IdsEverywhere {\n    user(uid: \"u1\") {\n      id\n      lists { list { id } }\n      segments { segment { id } }\n      events { nodes { id user { id } } }\n    }\n    users { nodes { id } }\n    lists { nodes { id members { edges { node { id } } } } }\n    segments { nodes { id members { nodes { id } } } }\n  }\n": types.IdsEverywhereDocument,
    "\n  query EventsPage(\n    $user: ID!\n    $where: EventFilter\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    node(id: $user) {\n      ... on User {\n        events(where: $where, first: $first, after: $after, last: $last, before: $before) {\n          edges @include(if: $page) { cursor node { id } }\n          nodes @include(if: $page) { id }\n          pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n          totalCount @include(if: $count)\n          totalCountIsCapped @include(if: $count)\n        }\n      }\n    }\n  }\n": types.EventsPageDocument,
    "\n  query ListMembersFiltered(\n    $parent: ID!\n    $where: UserFilter\n    $orderBy: UserOrder\n    $subscribed: Boolean\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n  ) {\n    list(id: $parent) {\n      members(\n        where: $where\n        orderBy: $orderBy\n        subscribed: $subscribed\n        first: $first\n        after: $after\n        last: $last\n        before: $before\n      ) {\n        edges { id cursor subscribed joinedAt node { id } }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n        totalCount\n        totalCountIsCapped\n      }\n    }\n  }\n": types.ListMembersFilteredDocument,
    "\n  query SegmentMembersFiltered(\n    $parent: ID!\n    $where: UserFilter\n    $orderBy: UserOrder\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n  ) {\n    segment(id: $parent) {\n      members(where: $where, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n        edges { cursor node { id } }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n        totalCount\n        totalCountIsCapped\n      }\n    }\n  }\n": types.SegmentMembersFilteredDocument,
    "\n  query UsersFiltered($where: UserFilter, $orderBy: UserOrder, $first: Int, $after: String, $before: String) {\n    users(where: $where, orderBy: $orderBy, first: $first, after: $after, before: $before) {\n      edges { cursor node { id uid } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n": types.UsersFilteredDocument,
    "\n  query ListMembersPage(\n    $list: ID!\n    $subscribed: Boolean\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    node(id: $list) {\n      ... on List {\n        members(subscribed: $subscribed, first: $first, after: $after, last: $last, before: $before) {\n          edges @include(if: $page) { cursor node { id } }\n          pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n          totalCount @include(if: $count)\n          totalCountIsCapped @include(if: $count)\n        }\n      }\n    }\n  }\n": types.ListMembersPageDocument,
    "\n  query ListsPage(\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    lists(first: $first, after: $after, last: $last, before: $before) {\n      edges @include(if: $page) { cursor node { id } }\n      nodes @include(if: $page) { id }\n      pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount @include(if: $count)\n      totalCountIsCapped @include(if: $count)\n    }\n  }\n": types.ListsPageDocument,
    "\n  query SegmentMembersPage(\n    $segment: ID!\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    node(id: $segment) {\n      ... on Segment {\n        members(first: $first, after: $after, last: $last, before: $before) {\n          edges @include(if: $page) { cursor node { id } }\n          nodes @include(if: $page) { id }\n          pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n          totalCount @include(if: $count)\n          totalCountIsCapped @include(if: $count)\n        }\n      }\n    }\n  }\n": types.SegmentMembersPageDocument,
    "\n  query SegmentsPage(\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    segments(first: $first, after: $after, last: $last, before: $before) {\n      edges @include(if: $page) { cursor node { id } }\n      nodes @include(if: $page) { id }\n      pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount @include(if: $count)\n      totalCountIsCapped @include(if: $count)\n    }\n  }\n": types.SegmentsPageDocument,
    "\n  query CountEvents($user: ID!) {\n    node(id: $user) { ... on User { events { totalCount totalCountIsCapped } } }\n  }\n": types.CountEventsDocument,
    "\n  query UsersPage(\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    users(first: $first, after: $after, last: $last, before: $before) {\n      edges @include(if: $page) { cursor node { id } }\n      nodes @include(if: $page) { id }\n      pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount @include(if: $count)\n      totalCountIsCapped @include(if: $count)\n    }\n  }\n": types.UsersPageDocument,
    "\n  mutation PutUser($input: UpdateUserInput!) {\n    updateUser(input: $input) { ... on UpdateUserPayload { created user { id } } ... on Error { code } }\n  }\n": types.PutUserDocument,
    "\n  query UserOfUid($uid: String!) {\n    user(uid: $uid) { id firstName devices { token } }\n  }\n": types.UserOfUidDocument,
    "\n  mutation DropUser($uid: String!) {\n    deleteUser(input: { uid: $uid }) { ... on DeleteUserPayload { uid } ... on Error { code } }\n  }\n": types.DropUserDocument,
    "\n  query EverythingOf($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on User { email lists { list { title } } segments { segment { name } } events { totalCount nodes { name } } }\n      ... on List { members { totalCount edges { node { email } } } }\n      ... on Segment { members { totalCount nodes { email } } }\n      ... on Event { name user { email } }\n    }\n  }\n": types.EverythingOfDocument,
    "\n  query SlowEvents { user(uid: \"u10\") { events(where: { value: { exists: false } }) { nodes { name } } } }\n": types.SlowEventsDocument,
    "\n  query SlowEventCount { user(uid: \"u10\") { events(where: { value: { exists: false } }) { totalCount } } }\n": types.SlowEventCountDocument,
    "\n  query SlowUsers { users(where: { events: [{ name: { eq: \"Paid\" } }] }) { nodes { uid } } }\n": types.SlowUsersDocument,
    "query DevicesOf($uid: String!) { user(uid: $uid) { uid devices { token } } }": types.DevicesOfDocument,
    "query TwoUsers { a: user(uid: \"u1\") { uid createdAt } b: user(uid: \"u2\") { uid } }": types.TwoUsersDocument,
    "\n  mutation CreateAt($at: DateTime!) {\n    createUser(input: { uid: \"u1\", createdAt: $at }) { ... on CreateUserPayload { user { createdAt } } }\n    addEvent(input: { uid: \"u1\", name: \"Paid\", timestamp: $at }) { ... on AddEventPayload { event { timestamp } } }\n  }\n": types.CreateAtDocument,
    "\n  query EventsBetween($since: DateTime, $until: DateTime) {\n    user(uid: \"u1\") { createdAt events(where: { since: $since, until: $until }) { nodes { timestamp } } }\n  }\n": types.EventsBetweenDocument,
    "\n  mutation RemoveDevice($input: RemoveDeviceInput!) {\n    removeDevice(input: $input) {\n      __typename\n      ... on RemoveDevicePayload { removedToken }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n": types.RemoveDeviceDocument,
    "\n  mutation AddEvent($input: AddEventInput!) {\n    addEvent(input: $input) {\n      __typename\n      ... on AddEventPayload { event { ...WholeEvent } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n      ... on IdempotencyConflictError { idempotencyKey }\n    }\n  }\n": types.AddEventDocument,
    "\n  mutation TrackEvent($input: AddEventInput!) {\n    addEvent(input: $input) {\n      __typename\n      ... on AddEventPayload { event { id } }\n      ... on Error { code message }\n    }\n  }\n": types.TrackEventDocument,
    "\n  query ReadEvents($uid: String!, $where: EventFilter) {\n    user(uid: $uid) { events(first: 100, where: $where) { nodes { ...WholeEvent } totalCount } }\n  }\n": types.ReadEventsDocument,
    "\n  fragment WholeEvent on Event {\n    id\n    name\n    value\n    properties\n    timestamp\n    user { uid }\n  }\n": types.WholeEventFragmentDoc,
    "\n  mutation CreateList($input: CreateListInput!) {\n    createList(input: $input) {\n      __typename\n      ... on CreateListPayload { list { ...WholeList } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n    }\n  }\n": types.CreateListDocument,
    "\n  mutation UpdateList($input: UpdateListInput!) {\n    updateList(input: $input) {\n      __typename\n      ... on UpdateListPayload { list { ...WholeList } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n": types.UpdateListDocument,
    "\n  mutation ArchiveList($input: ArchiveListInput!) {\n    archiveList(input: $input) {\n      __typename\n      ... on ArchiveListPayload { list { ...WholeList } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n": types.ArchiveListDocument,
    "\n  mutation SetListSubscription($input: SetListSubscriptionInput!) {\n    setListSubscription(input: $input) {\n      __typename\n      ... on SetListSubscriptionPayload { membership { subscribed joinedAt list { id title } } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n      ... on ListArchivedError { listId }\n    }\n  }\n": types.SetListSubscriptionDocument,
    "\n  mutation RemoveFromList($input: RemoveFromListInput!) {\n    removeFromList(input: $input) {\n      __typename\n      ... on RemoveFromListPayload { userId listId }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n": types.RemoveFromListDocument,
    "\n  query ReadLists {\n    lists(first: 100) { nodes { ...WholeList } }\n  }\n": types.ReadListsDocument,
    "\n  query ReadListMembers($id: ID!, $subscribed: Boolean) {\n    node(id: $id) {\n      ... on List {\n        members(first: 100, subscribed: $subscribed) { edges { subscribed joinedAt node { uid } } totalCount }\n      }\n    }\n  }\n": types.ReadListMembersDocument,
    "\n  fragment WholeList on List {\n    id\n    title\n    description\n    createdAt\n    archivedAt\n  }\n": types.WholeListFragmentDoc,
    "\n  query ReadSegments {\n    segments(first: 20) {\n      nodes { id name members(first: 20) { nodes { uid segments { suppressed segment { id } } } totalCount } }\n    }\n  }\n": types.ReadSegmentsDocument,
    "\n  mutation CreateUser($input: CreateUserInput!) {\n    createUser(input: $input) {\n      __typename\n      ... on CreateUserPayload { user { ...WholeUser } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on UidTakenError { uid }\n      ... on NotFoundError { resource }\n      ... on IdempotencyConflictError { idempotencyKey }\n    }\n  }\n": types.CreateUserDocument,
    "\n  mutation UpdateUser($input: UpdateUserInput!) {\n    updateUser(input: $input) {\n      __typename\n      ... on UpdateUserPayload { created user { ...WholeUser } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on UidTakenError { uid }\n      ... on UidNotUpdateableError { uid }\n      ... on ForbiddenError { requiredScope }\n      ... on NotFoundError { resource }\n    }\n  }\n": types.UpdateUserDocument,
    "\n  mutation IdentifyUser($input: UpdateUserInput!) {\n    updateUser(input: $input) {\n      __typename\n      ... on UpdateUserPayload { created user { id uid } }\n      ... on Error { code message }\n      ... on ForbiddenError { requiredScope }\n    }\n  }\n": types.IdentifyUserDocument,
    "\n  mutation SignUpUser($input: CreateUserInput!) {\n    createUser(input: $input) {\n      __typename\n      ... on CreateUserPayload { user { id uid } }\n      ... on Error { code message }\n      ... on UidTakenError { uid }\n    }\n  }\n": types.SignUpUserDocument,
    "\n  mutation DeleteUser($input: DeleteUserInput!) {\n    deleteUser(input: $input) {\n      __typename\n      ... on DeleteUserPayload { deletedUserId uid }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n": types.DeleteUserDocument,
    "\n  query ReadUser($uid: String!) {\n    user(uid: $uid) { ...WholeUser }\n  }\n": types.ReadUserDocument,
    "\n  fragment WholeUser on User {\n    id\n    uid\n    uidUpdateable\n    firstName\n    lastName\n    number\n    email\n    isAccount\n    timeZone\n    appVersion\n    appBuild\n    appLastActiveAt\n    devices { token platform lastSeenAt }\n    lists { subscribed joinedAt list { id title } }\n    segments { suppressed segment { id name } }\n    meta\n    createdAt\n    updatedAt\n  }\n": types.WholeUserFragmentDoc,
    "\n  query ForeignCursors {\n    users(first: 1) { edges { cursor } }\n    lists(first: 1) { edges { cursor } }\n    segments(first: 1) { edges { cursor } }\n  }\n": types.ForeignCursorsDocument,
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
export function graphql(source: "query WhoWrites { viewer { keyId } }"): (typeof documents)["query WhoWrites { viewer { keyId } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query KeyInUse { viewer { keyId } }"): (typeof documents)["query KeyInUse { viewer { keyId } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation Seen { addEvent(input: { uid: \"ada@example.com\", name: \"Seen\", value: \"ada\" }) { __typename } }"): (typeof documents)["mutation Seen { addEvent(input: { uid: \"ada@example.com\", name: \"Seen\", value: \"ada\" }) { __typename } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query WhoAmI {\n    viewer { workspace keyId scopes }\n  }\n"): (typeof documents)["\n  query WhoAmI {\n    viewer { workspace keyId scopes }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query EventsOfUsers($where: EventFilter) {\n    users { nodes { uid events(where: $where) { nodes { name } totalCount } } }\n  }\n"): (typeof documents)["\n  query EventsOfUsers($where: EventFilter) {\n    users { nodes { uid events(where: $where) { nodes { name } totalCount } } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query EventsFiltered($where: EventFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    user(uid: \"u144\") {\n      events(where: $where, first: $first, after: $after, last: $last, before: $before) {\n        nodes { name }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      }\n    }\n  }\n"): (typeof documents)["\n  query EventsFiltered($where: EventFilter, $first: Int, $after: String, $last: Int, $before: String) {\n    user(uid: \"u144\") {\n      events(where: $where, first: $first, after: $after, last: $last, before: $before) {\n        nodes { name }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query FullPage($first: Int!) {\n    users(first: $first) {\n      totalCount\n      totalCountIsCapped\n      pageInfo { hasNextPage endCursor }\n      edges { cursor }\n      nodes {\n        uid\n        devices { token }\n        lists { subscribed list { title members { totalCount edges { node { uid } } } } }\n        segments { suppressed segment { name members { totalCount nodes { uid } } } }\n        events(first: 2) { totalCount pageInfo { hasNextPage } nodes { name user { uid devices { token } } } }\n      }\n    }\n  }\n"): (typeof documents)["\n  query FullPage($first: Int!) {\n    users(first: $first) {\n      totalCount\n      totalCountIsCapped\n      pageInfo { hasNextPage endCursor }\n      edges { cursor }\n      nodes {\n        uid\n        devices { token }\n        lists { subscribed list { title members { totalCount edges { node { uid } } } } }\n        segments { suppressed segment { name members { totalCount nodes { uid } } } }\n        events(first: 2) { totalCount pageInfo { hasNextPage } nodes { name user { uid devices { token } } } }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Aliases {\n    one: users(first: 2) { ...everything }\n    two: users(first: 2) { ...everything }\n    three: users(first: 2) { ...everything }\n  }\n  fragment everything on UserConnection {\n    totalCount\n    nodes {\n      devices { token }\n      again: devices { platform }\n      lists { list { title } }\n      onceMore: lists { list { createdAt } }\n      segments { segment { name } }\n      events { nodes { name } }\n      events2: events { nodes { timestamp } totalCount }\n      events3: events { totalCount }\n    }\n  }\n"): (typeof documents)["\n  query Aliases {\n    one: users(first: 2) { ...everything }\n    two: users(first: 2) { ...everything }\n    three: users(first: 2) { ...everything }\n  }\n  fragment everything on UserConnection {\n    totalCount\n    nodes {\n      devices { token }\n      again: devices { platform }\n      lists { list { title } }\n      onceMore: lists { list { createdAt } }\n      segments { segment { name } }\n      events { nodes { name } }\n      events2: events { nodes { timestamp } totalCount }\n      events3: events { totalCount }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ManyNodes($ids: [ID!]!) {\n    nodes(ids: $ids) { id ... on User { uid } ... on List { title } ... on Segment { name } ... on Event { name } }\n  }\n"): (typeof documents)["\n  query ManyNodes($ids: [ID!]!) {\n    nodes(ids: $ids) { id ... on User { uid } ... on List { title } ... on Segment { name } ... on Event { name } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ReadById($list: ID!, $segment: ID!, $event: ID!) {\n    list(id: $list) { __typename id title }\n    segment(id: $segment) { __typename id name }\n    event(id: $event) { __typename id name user { uid } }\n  }\n"): (typeof documents)["\n  query ReadById($list: ID!, $segment: ID!, $event: ID!) {\n    list(id: $list) { __typename id title }\n    segment(id: $segment) { __typename id name }\n    event(id: $event) { __typename id name user { uid } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ReadIds($uid: String!) {\n    user(uid: $uid) { id devices { id } lists { id } segments { id } }\n    lists(last: 1) { nodes { members { edges { id } } } }\n  }\n"): (typeof documents)["\n  query ReadIds($uid: String!) {\n    user(uid: $uid) { id devices { id } lists { id } segments { id } }\n    lists(last: 1) { nodes { members { edges { id } } } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query NodeOfUnknownId($id: ID!) {\n    node(id: $id) { id }\n  }\n"): (typeof documents)["\n  query NodeOfUnknownId($id: ID!) {\n    node(id: $id) { id }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation MoveDevice($uid: String!, $token: String!) {\n    updateUser(input: { uid: $uid, device: { token: $token, platform: IOS } }) { __typename }\n  }\n"): (typeof documents)["\n  mutation MoveDevice($uid: String!, $token: String!) {\n    updateUser(input: { uid: $uid, device: { token: $token, platform: IOS } }) { __typename }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query NodeOfId($id: ID!) {\n    node(id: $id) { __typename id }\n  }\n"): (typeof documents)["\n  query NodeOfId($id: ID!) {\n    node(id: $id) { __typename id }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query NodesOfIds($ids: [ID!]!) {\n    nodes(ids: $ids) { __typename id }\n  }\n"): (typeof documents)["\n  query NodesOfIds($ids: [ID!]!) {\n    nodes(ids: $ids) { __typename id }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query IdsEverywhere {\n    user(uid: \"u1\") {\n      id\n      lists { list { id } }\n      segments { segment { id } }\n      events { nodes { id user { id } } }\n    }\n    users { nodes { id } }\n    lists { nodes { id members { edges { node { id } } } } }\n    segments { nodes { id members { nodes { id } } } }\n  }\n"): (typeof documents)["\n  query IdsEverywhere {\n    user(uid: \"u1\") {\n      id\n      lists { list { id } }\n      segments { segment { id } }\n      events { nodes { id user { id } } }\n    }\n    users { nodes { id } }\n    lists { nodes { id members { edges { node { id } } } } }\n    segments { nodes { id members { nodes { id } } } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query EventsPage(\n    $user: ID!\n    $where: EventFilter\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    node(id: $user) {\n      ... on User {\n        events(where: $where, first: $first, after: $after, last: $last, before: $before) {\n          edges @include(if: $page) { cursor node { id } }\n          nodes @include(if: $page) { id }\n          pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n          totalCount @include(if: $count)\n          totalCountIsCapped @include(if: $count)\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query EventsPage(\n    $user: ID!\n    $where: EventFilter\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    node(id: $user) {\n      ... on User {\n        events(where: $where, first: $first, after: $after, last: $last, before: $before) {\n          edges @include(if: $page) { cursor node { id } }\n          nodes @include(if: $page) { id }\n          pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n          totalCount @include(if: $count)\n          totalCountIsCapped @include(if: $count)\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListMembersFiltered(\n    $parent: ID!\n    $where: UserFilter\n    $orderBy: UserOrder\n    $subscribed: Boolean\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n  ) {\n    list(id: $parent) {\n      members(\n        where: $where\n        orderBy: $orderBy\n        subscribed: $subscribed\n        first: $first\n        after: $after\n        last: $last\n        before: $before\n      ) {\n        edges { id cursor subscribed joinedAt node { id } }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n        totalCount\n        totalCountIsCapped\n      }\n    }\n  }\n"): (typeof documents)["\n  query ListMembersFiltered(\n    $parent: ID!\n    $where: UserFilter\n    $orderBy: UserOrder\n    $subscribed: Boolean\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n  ) {\n    list(id: $parent) {\n      members(\n        where: $where\n        orderBy: $orderBy\n        subscribed: $subscribed\n        first: $first\n        after: $after\n        last: $last\n        before: $before\n      ) {\n        edges { id cursor subscribed joinedAt node { id } }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n        totalCount\n        totalCountIsCapped\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SegmentMembersFiltered(\n    $parent: ID!\n    $where: UserFilter\n    $orderBy: UserOrder\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n  ) {\n    segment(id: $parent) {\n      members(where: $where, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n        edges { cursor node { id } }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n        totalCount\n        totalCountIsCapped\n      }\n    }\n  }\n"): (typeof documents)["\n  query SegmentMembersFiltered(\n    $parent: ID!\n    $where: UserFilter\n    $orderBy: UserOrder\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n  ) {\n    segment(id: $parent) {\n      members(where: $where, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {\n        edges { cursor node { id } }\n        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n        totalCount\n        totalCountIsCapped\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query UsersFiltered($where: UserFilter, $orderBy: UserOrder, $first: Int, $after: String, $before: String) {\n    users(where: $where, orderBy: $orderBy, first: $first, after: $after, before: $before) {\n      edges { cursor node { id uid } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n"): (typeof documents)["\n  query UsersFiltered($where: UserFilter, $orderBy: UserOrder, $first: Int, $after: String, $before: String) {\n    users(where: $where, orderBy: $orderBy, first: $first, after: $after, before: $before) {\n      edges { cursor node { id uid } }\n      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListMembersPage(\n    $list: ID!\n    $subscribed: Boolean\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    node(id: $list) {\n      ... on List {\n        members(subscribed: $subscribed, first: $first, after: $after, last: $last, before: $before) {\n          edges @include(if: $page) { cursor node { id } }\n          pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n          totalCount @include(if: $count)\n          totalCountIsCapped @include(if: $count)\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query ListMembersPage(\n    $list: ID!\n    $subscribed: Boolean\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    node(id: $list) {\n      ... on List {\n        members(subscribed: $subscribed, first: $first, after: $after, last: $last, before: $before) {\n          edges @include(if: $page) { cursor node { id } }\n          pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n          totalCount @include(if: $count)\n          totalCountIsCapped @include(if: $count)\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ListsPage(\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    lists(first: $first, after: $after, last: $last, before: $before) {\n      edges @include(if: $page) { cursor node { id } }\n      nodes @include(if: $page) { id }\n      pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount @include(if: $count)\n      totalCountIsCapped @include(if: $count)\n    }\n  }\n"): (typeof documents)["\n  query ListsPage(\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    lists(first: $first, after: $after, last: $last, before: $before) {\n      edges @include(if: $page) { cursor node { id } }\n      nodes @include(if: $page) { id }\n      pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount @include(if: $count)\n      totalCountIsCapped @include(if: $count)\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SegmentMembersPage(\n    $segment: ID!\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    node(id: $segment) {\n      ... on Segment {\n        members(first: $first, after: $after, last: $last, before: $before) {\n          edges @include(if: $page) { cursor node { id } }\n          nodes @include(if: $page) { id }\n          pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n          totalCount @include(if: $count)\n          totalCountIsCapped @include(if: $count)\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query SegmentMembersPage(\n    $segment: ID!\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    node(id: $segment) {\n      ... on Segment {\n        members(first: $first, after: $after, last: $last, before: $before) {\n          edges @include(if: $page) { cursor node { id } }\n          nodes @include(if: $page) { id }\n          pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n          totalCount @include(if: $count)\n          totalCountIsCapped @include(if: $count)\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SegmentsPage(\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    segments(first: $first, after: $after, last: $last, before: $before) {\n      edges @include(if: $page) { cursor node { id } }\n      nodes @include(if: $page) { id }\n      pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount @include(if: $count)\n      totalCountIsCapped @include(if: $count)\n    }\n  }\n"): (typeof documents)["\n  query SegmentsPage(\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    segments(first: $first, after: $after, last: $last, before: $before) {\n      edges @include(if: $page) { cursor node { id } }\n      nodes @include(if: $page) { id }\n      pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount @include(if: $count)\n      totalCountIsCapped @include(if: $count)\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query CountEvents($user: ID!) {\n    node(id: $user) { ... on User { events { totalCount totalCountIsCapped } } }\n  }\n"): (typeof documents)["\n  query CountEvents($user: ID!) {\n    node(id: $user) { ... on User { events { totalCount totalCountIsCapped } } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query UsersPage(\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    users(first: $first, after: $after, last: $last, before: $before) {\n      edges @include(if: $page) { cursor node { id } }\n      nodes @include(if: $page) { id }\n      pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount @include(if: $count)\n      totalCountIsCapped @include(if: $count)\n    }\n  }\n"): (typeof documents)["\n  query UsersPage(\n    $first: Int\n    $after: String\n    $last: Int\n    $before: String\n    $page: Boolean! = true\n    $count: Boolean! = false\n  ) {\n    users(first: $first, after: $after, last: $last, before: $before) {\n      edges @include(if: $page) { cursor node { id } }\n      nodes @include(if: $page) { id }\n      pageInfo @include(if: $page) { hasNextPage hasPreviousPage startCursor endCursor }\n      totalCount @include(if: $count)\n      totalCountIsCapped @include(if: $count)\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation PutUser($input: UpdateUserInput!) {\n    updateUser(input: $input) { ... on UpdateUserPayload { created user { id } } ... on Error { code } }\n  }\n"): (typeof documents)["\n  mutation PutUser($input: UpdateUserInput!) {\n    updateUser(input: $input) { ... on UpdateUserPayload { created user { id } } ... on Error { code } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query UserOfUid($uid: String!) {\n    user(uid: $uid) { id firstName devices { token } }\n  }\n"): (typeof documents)["\n  query UserOfUid($uid: String!) {\n    user(uid: $uid) { id firstName devices { token } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DropUser($uid: String!) {\n    deleteUser(input: { uid: $uid }) { ... on DeleteUserPayload { uid } ... on Error { code } }\n  }\n"): (typeof documents)["\n  mutation DropUser($uid: String!) {\n    deleteUser(input: { uid: $uid }) { ... on DeleteUserPayload { uid } ... on Error { code } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query EverythingOf($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on User { email lists { list { title } } segments { segment { name } } events { totalCount nodes { name } } }\n      ... on List { members { totalCount edges { node { email } } } }\n      ... on Segment { members { totalCount nodes { email } } }\n      ... on Event { name user { email } }\n    }\n  }\n"): (typeof documents)["\n  query EverythingOf($ids: [ID!]!) {\n    nodes(ids: $ids) {\n      ... on User { email lists { list { title } } segments { segment { name } } events { totalCount nodes { name } } }\n      ... on List { members { totalCount edges { node { email } } } }\n      ... on Segment { members { totalCount nodes { email } } }\n      ... on Event { name user { email } }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SlowEvents { user(uid: \"u10\") { events(where: { value: { exists: false } }) { nodes { name } } } }\n"): (typeof documents)["\n  query SlowEvents { user(uid: \"u10\") { events(where: { value: { exists: false } }) { nodes { name } } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SlowEventCount { user(uid: \"u10\") { events(where: { value: { exists: false } }) { totalCount } } }\n"): (typeof documents)["\n  query SlowEventCount { user(uid: \"u10\") { events(where: { value: { exists: false } }) { totalCount } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SlowUsers { users(where: { events: [{ name: { eq: \"Paid\" } }] }) { nodes { uid } } }\n"): (typeof documents)["\n  query SlowUsers { users(where: { events: [{ name: { eq: \"Paid\" } }] }) { nodes { uid } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query DevicesOf($uid: String!) { user(uid: $uid) { uid devices { token } } }"): (typeof documents)["query DevicesOf($uid: String!) { user(uid: $uid) { uid devices { token } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query TwoUsers { a: user(uid: \"u1\") { uid createdAt } b: user(uid: \"u2\") { uid } }"): (typeof documents)["query TwoUsers { a: user(uid: \"u1\") { uid createdAt } b: user(uid: \"u2\") { uid } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateAt($at: DateTime!) {\n    createUser(input: { uid: \"u1\", createdAt: $at }) { ... on CreateUserPayload { user { createdAt } } }\n    addEvent(input: { uid: \"u1\", name: \"Paid\", timestamp: $at }) { ... on AddEventPayload { event { timestamp } } }\n  }\n"): (typeof documents)["\n  mutation CreateAt($at: DateTime!) {\n    createUser(input: { uid: \"u1\", createdAt: $at }) { ... on CreateUserPayload { user { createdAt } } }\n    addEvent(input: { uid: \"u1\", name: \"Paid\", timestamp: $at }) { ... on AddEventPayload { event { timestamp } } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query EventsBetween($since: DateTime, $until: DateTime) {\n    user(uid: \"u1\") { createdAt events(where: { since: $since, until: $until }) { nodes { timestamp } } }\n  }\n"): (typeof documents)["\n  query EventsBetween($since: DateTime, $until: DateTime) {\n    user(uid: \"u1\") { createdAt events(where: { since: $since, until: $until }) { nodes { timestamp } } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RemoveDevice($input: RemoveDeviceInput!) {\n    removeDevice(input: $input) {\n      __typename\n      ... on RemoveDevicePayload { removedToken }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n"): (typeof documents)["\n  mutation RemoveDevice($input: RemoveDeviceInput!) {\n    removeDevice(input: $input) {\n      __typename\n      ... on RemoveDevicePayload { removedToken }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation AddEvent($input: AddEventInput!) {\n    addEvent(input: $input) {\n      __typename\n      ... on AddEventPayload { event { ...WholeEvent } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n      ... on IdempotencyConflictError { idempotencyKey }\n    }\n  }\n"): (typeof documents)["\n  mutation AddEvent($input: AddEventInput!) {\n    addEvent(input: $input) {\n      __typename\n      ... on AddEventPayload { event { ...WholeEvent } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n      ... on IdempotencyConflictError { idempotencyKey }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation TrackEvent($input: AddEventInput!) {\n    addEvent(input: $input) {\n      __typename\n      ... on AddEventPayload { event { id } }\n      ... on Error { code message }\n    }\n  }\n"): (typeof documents)["\n  mutation TrackEvent($input: AddEventInput!) {\n    addEvent(input: $input) {\n      __typename\n      ... on AddEventPayload { event { id } }\n      ... on Error { code message }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ReadEvents($uid: String!, $where: EventFilter) {\n    user(uid: $uid) { events(first: 100, where: $where) { nodes { ...WholeEvent } totalCount } }\n  }\n"): (typeof documents)["\n  query ReadEvents($uid: String!, $where: EventFilter) {\n    user(uid: $uid) { events(first: 100, where: $where) { nodes { ...WholeEvent } totalCount } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment WholeEvent on Event {\n    id\n    name\n    value\n    properties\n    timestamp\n    user { uid }\n  }\n"): (typeof documents)["\n  fragment WholeEvent on Event {\n    id\n    name\n    value\n    properties\n    timestamp\n    user { uid }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateList($input: CreateListInput!) {\n    createList(input: $input) {\n      __typename\n      ... on CreateListPayload { list { ...WholeList } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n    }\n  }\n"): (typeof documents)["\n  mutation CreateList($input: CreateListInput!) {\n    createList(input: $input) {\n      __typename\n      ... on CreateListPayload { list { ...WholeList } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateList($input: UpdateListInput!) {\n    updateList(input: $input) {\n      __typename\n      ... on UpdateListPayload { list { ...WholeList } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n"): (typeof documents)["\n  mutation UpdateList($input: UpdateListInput!) {\n    updateList(input: $input) {\n      __typename\n      ... on UpdateListPayload { list { ...WholeList } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ArchiveList($input: ArchiveListInput!) {\n    archiveList(input: $input) {\n      __typename\n      ... on ArchiveListPayload { list { ...WholeList } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n"): (typeof documents)["\n  mutation ArchiveList($input: ArchiveListInput!) {\n    archiveList(input: $input) {\n      __typename\n      ... on ArchiveListPayload { list { ...WholeList } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SetListSubscription($input: SetListSubscriptionInput!) {\n    setListSubscription(input: $input) {\n      __typename\n      ... on SetListSubscriptionPayload { membership { subscribed joinedAt list { id title } } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n      ... on ListArchivedError { listId }\n    }\n  }\n"): (typeof documents)["\n  mutation SetListSubscription($input: SetListSubscriptionInput!) {\n    setListSubscription(input: $input) {\n      __typename\n      ... on SetListSubscriptionPayload { membership { subscribed joinedAt list { id title } } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n      ... on ListArchivedError { listId }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RemoveFromList($input: RemoveFromListInput!) {\n    removeFromList(input: $input) {\n      __typename\n      ... on RemoveFromListPayload { userId listId }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n"): (typeof documents)["\n  mutation RemoveFromList($input: RemoveFromListInput!) {\n    removeFromList(input: $input) {\n      __typename\n      ... on RemoveFromListPayload { userId listId }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ReadLists {\n    lists(first: 100) { nodes { ...WholeList } }\n  }\n"): (typeof documents)["\n  query ReadLists {\n    lists(first: 100) { nodes { ...WholeList } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ReadListMembers($id: ID!, $subscribed: Boolean) {\n    node(id: $id) {\n      ... on List {\n        members(first: 100, subscribed: $subscribed) { edges { subscribed joinedAt node { uid } } totalCount }\n      }\n    }\n  }\n"): (typeof documents)["\n  query ReadListMembers($id: ID!, $subscribed: Boolean) {\n    node(id: $id) {\n      ... on List {\n        members(first: 100, subscribed: $subscribed) { edges { subscribed joinedAt node { uid } } totalCount }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment WholeList on List {\n    id\n    title\n    description\n    createdAt\n    archivedAt\n  }\n"): (typeof documents)["\n  fragment WholeList on List {\n    id\n    title\n    description\n    createdAt\n    archivedAt\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ReadSegments {\n    segments(first: 20) {\n      nodes { id name members(first: 20) { nodes { uid segments { suppressed segment { id } } } totalCount } }\n    }\n  }\n"): (typeof documents)["\n  query ReadSegments {\n    segments(first: 20) {\n      nodes { id name members(first: 20) { nodes { uid segments { suppressed segment { id } } } totalCount } }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateUser($input: CreateUserInput!) {\n    createUser(input: $input) {\n      __typename\n      ... on CreateUserPayload { user { ...WholeUser } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on UidTakenError { uid }\n      ... on NotFoundError { resource }\n      ... on IdempotencyConflictError { idempotencyKey }\n    }\n  }\n"): (typeof documents)["\n  mutation CreateUser($input: CreateUserInput!) {\n    createUser(input: $input) {\n      __typename\n      ... on CreateUserPayload { user { ...WholeUser } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on UidTakenError { uid }\n      ... on NotFoundError { resource }\n      ... on IdempotencyConflictError { idempotencyKey }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateUser($input: UpdateUserInput!) {\n    updateUser(input: $input) {\n      __typename\n      ... on UpdateUserPayload { created user { ...WholeUser } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on UidTakenError { uid }\n      ... on UidNotUpdateableError { uid }\n      ... on ForbiddenError { requiredScope }\n      ... on NotFoundError { resource }\n    }\n  }\n"): (typeof documents)["\n  mutation UpdateUser($input: UpdateUserInput!) {\n    updateUser(input: $input) {\n      __typename\n      ... on UpdateUserPayload { created user { ...WholeUser } }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on UidTakenError { uid }\n      ... on UidNotUpdateableError { uid }\n      ... on ForbiddenError { requiredScope }\n      ... on NotFoundError { resource }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation IdentifyUser($input: UpdateUserInput!) {\n    updateUser(input: $input) {\n      __typename\n      ... on UpdateUserPayload { created user { id uid } }\n      ... on Error { code message }\n      ... on ForbiddenError { requiredScope }\n    }\n  }\n"): (typeof documents)["\n  mutation IdentifyUser($input: UpdateUserInput!) {\n    updateUser(input: $input) {\n      __typename\n      ... on UpdateUserPayload { created user { id uid } }\n      ... on Error { code message }\n      ... on ForbiddenError { requiredScope }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SignUpUser($input: CreateUserInput!) {\n    createUser(input: $input) {\n      __typename\n      ... on CreateUserPayload { user { id uid } }\n      ... on Error { code message }\n      ... on UidTakenError { uid }\n    }\n  }\n"): (typeof documents)["\n  mutation SignUpUser($input: CreateUserInput!) {\n    createUser(input: $input) {\n      __typename\n      ... on CreateUserPayload { user { id uid } }\n      ... on Error { code message }\n      ... on UidTakenError { uid }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeleteUser($input: DeleteUserInput!) {\n    deleteUser(input: $input) {\n      __typename\n      ... on DeleteUserPayload { deletedUserId uid }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n"): (typeof documents)["\n  mutation DeleteUser($input: DeleteUserInput!) {\n    deleteUser(input: $input) {\n      __typename\n      ... on DeleteUserPayload { deletedUserId uid }\n      ... on Error { code message }\n      ... on ValidationError { issues { path code } }\n      ... on NotFoundError { resource }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ReadUser($uid: String!) {\n    user(uid: $uid) { ...WholeUser }\n  }\n"): (typeof documents)["\n  query ReadUser($uid: String!) {\n    user(uid: $uid) { ...WholeUser }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment WholeUser on User {\n    id\n    uid\n    uidUpdateable\n    firstName\n    lastName\n    number\n    email\n    isAccount\n    timeZone\n    appVersion\n    appBuild\n    appLastActiveAt\n    devices { token platform lastSeenAt }\n    lists { subscribed joinedAt list { id title } }\n    segments { suppressed segment { id name } }\n    meta\n    createdAt\n    updatedAt\n  }\n"): (typeof documents)["\n  fragment WholeUser on User {\n    id\n    uid\n    uidUpdateable\n    firstName\n    lastName\n    number\n    email\n    isAccount\n    timeZone\n    appVersion\n    appBuild\n    appLastActiveAt\n    devices { token platform lastSeenAt }\n    lists { subscribed joinedAt list { id title } }\n    segments { suppressed segment { id name } }\n    meta\n    createdAt\n    updatedAt\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query ForeignCursors {\n    users(first: 1) { edges { cursor } }\n    lists(first: 1) { edges { cursor } }\n    segments(first: 1) { edges { cursor } }\n  }\n"): (typeof documents)["\n  query ForeignCursors {\n    users(first: 1) { edges { cursor } }\n    lists(first: 1) { edges { cursor } }\n    segments(first: 1) { edges { cursor } }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;