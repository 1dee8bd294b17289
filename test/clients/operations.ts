import type { DocumentNode } from 'graphql';
import {
  AddEvent,
  ArchiveList,
  CreateList,
  CreateUser,
  DeleteUser,
  List,
  Lists,
  RemoveDevice,
  RemoveFromList,
  SetListSubscription,
  UpdateList,
  UpdateUser,
  User,
  Users,
} from '../../examples/clients/documents.ts';
import type { UsersQuery } from '../../examples/clients/generated/graphql.ts';
import type { MutationName, ReadSource, UserList, ViewName } from './frontend-client.ts';

/** The number of edges of each view's connections. */
const first = 10;

/** The operations of the views, for clients that share examples/clients/documents.ts. */
export const queries: Record<ViewName, (variables: object) => { query: DocumentNode; variables: object }> = {
  users: () => ({ query: Users, variables: { first } }),
  user: (variables) => ({ query: User, variables }),
  lists: () => ({ query: Lists, variables: { first } }),
  list: (variables) => ({ query: List, variables }),
};

/** The mutations, each with one variable, `input`. */
export const mutations: Record<MutationName, DocumentNode> = {
  createUser: CreateUser,
  updateUser: UpdateUser,
  deleteUser: DeleteUser,
  addEvent: AddEvent,
  removeDevice: RemoveDevice,
  createList: CreateList,
  updateList: UpdateList,
  archiveList: ArchiveList,
  setListSubscription: SetListSubscription,
  removeFromList: RemoveFromList,
};

/** The policy by which Apollo Client and urql read from a source. */
export const fetchPolicies = {
  server: 'network-only',
  cache: 'cache-only',
  'cache-first': 'cache-first',
} as const satisfies Record<ReadSource, string>;

/** The list of users that a component shows. */
export function toUserList({ users: { edges, pageInfo } }: UsersQuery): UserList {
  return { uids: edges.map(({ node }) => node.uid), ...pageInfo };
}
