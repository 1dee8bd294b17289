import { readdir } from 'node:fs/promises';
import {
  commitMutation,
  createOperationDescriptor,
  type Environment,
  fetchQuery,
  type GraphQLTaggedNode,
  getFragment,
  getRequest,
  getSingularSelector,
  type RecordSourceSelectorProxy,
  type Variables,
} from 'relay-runtime';
import { z } from 'zod';
import {
  eventsConnection,
  listsConnection,
  membersConnection,
  usersConnection,
} from '../../examples/clients/relay/connections.ts';
import { loadPage } from '../../examples/clients/relay/load-page.ts';
import { forgetMissingUser, updateMemberEdge } from '../../examples/clients/relay/updaters.ts';
import { createRelayEnvironment } from '../../examples/clients/relay.ts';
import { isJsonObject } from '../../src/domain/shared/attributes.ts';
import {
  type Endpoint,
  type FrontendClient,
  type MutationName,
  PAGE_SIZE,
  type UserList,
  type ViewName,
} from './frontend-client.ts';

const generated = 'examples/clients/relay/generated';

/** The file that relay-compiler writes for the gateway. */
export const persistedOperations = { file: `${generated}/persisted-operations.json`, only: false };

/** What relay-compiler has written for each operation and fragment. */
const artifacts = new Map<string, GraphQLTaggedNode>();
for (const file of await readdir(generated)) {
  const [name = '', kind] = file.split('.');
  if (kind === 'graphql') artifacts.set(name, (await import(`../../${generated}/${file}`)).default);
}

/** The artifact of an operation or a fragment. */
function artifact(name: string): GraphQLTaggedNode {
  const node = artifacts.get(name);
  if (!node) throw new Error(`relay-compiler has not written ${name}.`);
  return node;
}

/** The query of each view. */
const queryNames: Record<ViewName, string> = {
  users: 'usersQuery',
  user: 'userQuery',
  lists: 'listsQuery',
  list: 'membersQuery',
};

const mutationNames: Record<MutationName, string> = {
  createUser: 'usersCreateMutation',
  updateUser: 'userUpdateMutation',
  deleteUser: 'usersDeleteMutation',
  addEvent: 'userAddEventMutation',
  removeDevice: 'userRemoveDeviceMutation',
  createList: 'listsCreateMutation',
  updateList: 'listsUpdateMutation',
  archiveList: 'listsArchiveMutation',
  setListSubscription: 'membersSetSubscriptionMutation',
  removeFromList: 'membersRemoveMutation',
};

const operationOf = (name: string, variables: Variables) =>
  createOperationDescriptor(getRequest(artifact(name)), variables);

/** Replaces references to fragments with their data: what the components of a page show together. */
function unmask(environment: Environment, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => unmask(environment, item));
  if (!isJsonObject(value)) return value;
  const { __fragments, __fragmentOwner, __id, ...fields } = value;
  const spreads = Object.keys(__fragments ?? {}).map((name) => {
    const snapshot = environment.lookup(getSingularSelector(getFragment(artifact(name)), value));
    if (snapshot.isMissingData) throw new Error(`The store lacks a field of ${name}.`);
    return unmask(environment, snapshot.data);
  });
  const entries = Object.entries(fields).map(([name, field]) => [name, unmask(environment, field)]);
  return Object.assign(Object.fromEntries(entries), ...spreads);
}

/** The result of a mutation: the documents give names to the two kinds of members of the union. */
const Result = z.object({
  __typename: z.string(),
  payload: z.record(z.string(), z.unknown()).nullish(),
  error: z.record(z.string(), z.unknown()).nullish(),
});

const UsersPage = z.object({
  users: z.object({
    edges: z.array(z.object({ node: z.object({ uid: z.string() }) })),
    pageInfo: z.object({
      hasNextPage: z.boolean(),
      hasPreviousPage: z.boolean(),
      startCursor: z.string().nullable(),
      endCursor: z.string().nullable(),
    }),
  }),
});

const ShownUser = z.object({ user: z.object({ id: z.string(), uid: z.string() }) });

const Input = z.object({ uid: z.string().default(''), listId: z.string().default('') });

const updaters: Partial<
  Record<MutationName, (store: RecordSourceSelectorProxy, input: z.infer<typeof Input>) => void>
> = {
  createUser: (store, { uid }) => forgetMissingUser(store, uid),
  updateUser: (store, { uid }) => forgetMissingUser(store, uid),
  setListSubscription: (store, { listId }) => updateMemberEdge(store, listId),
};

/** Reads and writes as components do with the hooks of react-relay. */
export function createRelayClient({ url, authorization }: Endpoint): FrontendClient {
  const environment = createRelayEnvironment(url, authorization);
  /** The ids of the users and lists of views, as a component has them. */
  const shownUsers = new Map<string, string>();
  const shownLists = new Set<string>();
  let usersPage: { variables: Variables } | undefined;

  /** Reads a query as a component does that is mounted: the store keeps its data. */
  function show(name: string, variables: Variables) {
    const operation = operationOf(name, variables);
    environment.retain(operation);
    if (!isAvailable(name, variables)) throw new Error(`The store lacks a field of ${name}.`);
    return environment.lookup(operation.fragment).data;
  }

  const isAvailable = (name: string, variables: Variables) =>
    environment.check(operationOf(name, variables)).status === 'available';

  async function load(name: string, variables: Variables) {
    await fetchQuery(environment, getRequest(artifact(name)), variables, { fetchPolicy: 'network-only' }).toPromise();
    return show(name, variables);
  }

  /** The connections to which a mutation adds an edge, or from which it removes one. */
  function connectionsOf(name: MutationName, { uid, listId }: z.infer<typeof Input>): string[] {
    if (name === 'createUser' || name === 'updateUser') return [usersConnection];
    if (name === 'deleteUser') return [usersConnection, ...[...shownLists].map(membersConnection)];
    if (name === 'createList') return [listsConnection];
    if (name === 'setListSubscription' || name === 'removeFromList') return [membersConnection(listId)];
    if (name !== 'addEvent') return [];
    const userId = shownUsers.get(uid);
    return userId === undefined ? [] : [eventsConnection(userId)];
  }

  function userList(): UserList {
    const { edges, pageInfo } = UsersPage.parse(
      unmask(environment, show('usersQuery', usersPage?.variables ?? {})),
    ).users;
    return { uids: edges.map(({ node }) => node.uid), ...pageInfo };
  }

  async function extend(direction: 'forward' | 'backward'): Promise<UserList> {
    const page = getFragment(artifact('users_page'));
    await loadPage(environment, page, show('usersQuery', usersPage?.variables ?? {}), direction, PAGE_SIZE);
    return userList();
  }

  return {
    async read(view, variables, from) {
      const paged = { ...variables, first: 10 };
      const name = queryNames[view];
      const isLoaded = from === 'cache' || (from === 'cache-first' && isAvailable(name, paged));
      const data = unmask(environment, isLoaded ? show(name, paged) : await load(name, paged));
      const { user } = ShownUser.safeParse(data).data ?? {};
      if (user) shownUsers.set(user.uid, user.id);
      if ('id' in variables) shownLists.add(variables.id);
      return data;
    },
    async mutate(name, input) {
      const parsed = Input.parse(input);
      const variables = { input, connections: connectionsOf(name, parsed) };
      const response = await new Promise<Record<string, unknown>>((resolve, reject) => {
        commitMutation(environment, {
          mutation: artifact(mutationNames[name]),
          variables,
          updater: (store) => updaters[name]?.(store, parsed),
          onCompleted: resolve,
          onError: reject,
        });
      });
      const { __typename, payload, error } = Result.parse(response[name]);
      return { __typename, ...payload, ...error };
    },
    async openUserList(start) {
      usersPage = { variables: start };
      await load('usersQuery', start);
      return userList();
    },
    loadNext: () => extend('forward'),
    loadPrevious: () => extend('backward'),
    stop: () => undefined,
  };
}
