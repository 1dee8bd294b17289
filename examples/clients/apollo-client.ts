// Apollo Client 4: a normalized cache, automatic persisted queries, and retries.
import {
  type ApolloCache,
  ApolloClient,
  ApolloLink,
  CombinedGraphQLErrors,
  HttpLink,
  InMemoryCache,
  type ObservableQuery,
  type Reference,
  type StoreObject,
} from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';
import { print } from 'graphql';
import { map, retry, throwError, timer } from 'rxjs';
import type { MutationResult } from './documents.ts';
import type { UsersQuery, UsersQueryVariables } from './generated/graphql.ts';
import possibleTypes from './generated/possible-types.ts';
import { isIdempotentOperation } from './idempotent-operation.ts';
import { MAX_ATTEMPTS, retryDelay } from './retry.ts';

/**
 * Creates a client.
 * @param authorization the value of the header, such as `Bearer <JWT>`.
 * @param generateHash `persistedHash` for documents that the gateway knows. Omit it to use automatic persisted queries.
 */
export function createApolloClient(
  url: string,
  authorization: string,
  generateHash: PersistedQueryLink.GenerateHashFunction = (document) => sha256(print(document)),
): ApolloClient {
  return new ApolloClient({
    link: ApolloLink.from([
      retryLink,
      new PersistedQueryLink({ generateHash }),
      new HttpLink({ uri: url, headers: { authorization } }),
    ]),
    cache: createCache(),
    defaultOptions: { mutate: { update: updateCache } },
  });
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Retries temporarily rejected requests after `retryAfter` seconds. RetryLink sees no GraphQL errors. */
const retryLink = new ApolloLink((operation, forward) => {
  const isSafe = isIdempotentOperation(operation.query, operation.variables);
  return forward(operation).pipe(
    map((result) => {
      if (result.errors && retryDelay(result.errors, isSafe) !== undefined) throw new CombinedGraphQLErrors(result);
      return result;
    }),
    retry({
      count: MAX_ATTEMPTS - 1,
      delay: (error) => {
        const delay = retryDelay(CombinedGraphQLErrors.is(error) ? error.errors : undefined, isSafe);
        return delay === undefined ? throwError(() => error) : timer(delay);
      },
    }),
  );
});

const createCache = () =>
  new InMemoryCache({
    ...possibleTypes,
    typePolicies: {
      Query: {
        fields: {
          users: relayStylePagination(['where', 'orderBy', 'search']),
          lists: relayStylePagination(),
          segments: relayStylePagination(),
          // A deleted user is null.
          user: { read: (user: Reference | undefined, { canRead }) => (user && !canRead(user) ? null : user) },
        },
      },
      User: {
        fields: {
          events: relayStylePagination(['where']),
          devices: { merge: false },
          lists: { merge: false },
          segments: { merge: false },
        },
      },
      List: { fields: { members: relayStylePagination(['subscribed', 'where', 'orderBy', 'search']) } },
      Segment: { fields: { members: relayStylePagination(['where', 'orderBy', 'search']) } },
    },
  });

type UserList = ObservableQuery<UsersQuery, UsersQueryVariables>;

/** Extends a list of users by the page after its last user. */
export const loadNext = (list: UserList, first: number) =>
  list.fetchMore({ variables: { first, after: pageInfoOf(list)?.endCursor, last: undefined, before: undefined } });

/** Extends a list of users by the page before its first user. */
export const loadPrevious = (list: UserList, last: number) =>
  list.fetchMore({ variables: { first: undefined, after: undefined, last, before: pageInfoOf(list)?.startCursor } });

const pageInfoOf = (list: UserList) => list.getCurrentResult().data?.users?.pageInfo;

/** Updates what the cache cannot derive from a payload: new edges, new users by their uid, and deleted objects. */
function updateCache(cache: ApolloCache, { data }: { data?: object | null }): void {
  for (const result of Object.values<MutationResult>(Object(data))) {
    switch (result.__typename) {
      case 'CreateUserPayload':
      case 'UpdateUserPayload':
        if (!result.userEdge) break;
        prependEdge(cache, 'ROOT_QUERY', 'users', result.userEdge);
        // Null if a query was sent before the user existed.
        cache.evict({ id: 'ROOT_QUERY', fieldName: 'user', args: { uid: result.userEdge.node.uid } });
        break;
      case 'DeleteUserPayload':
        evict(cache, 'User', result.deletedUserId);
        break;
      case 'AddEventPayload':
        prependEdge(cache, cache.identify({ ...result.user }), 'events', result.eventEdge);
        break;
      case 'CreateListPayload':
        prependEdge(cache, 'ROOT_QUERY', 'lists', result.listEdge);
        break;
      case 'SetListSubscriptionPayload':
        if (result.edge) prependEdge(cache, cache.identify(result.list), 'members', result.edge);
        break;
      case 'RemoveFromListPayload':
        evict(cache, 'ListMemberEdge', result.removedEdgeId);
        break;
    }
  }
}

function evict(cache: ApolloCache, typename: string, id: string): void {
  cache.evict({ id: cache.identify({ __typename: typename, id }) });
  cache.gc();
}

/** Adds an edge at the start of a connection that is loaded from its start. Filtered and sorted ones are refetched. */
function prependEdge(
  cache: ApolloCache,
  owner: string | undefined,
  field: string,
  edge: StoreObject & { node: StoreObject },
): void {
  cache.modify({
    id: owner,
    fields: {
      [field]: (connection, { toReference, readField, storeFieldName, DELETE }) => {
        if (storeFieldName.includes('{"')) return DELETE;
        const { edges, pageInfo } = Object(connection);
        const node = toReference(edge.node);
        const hasEdge = edges.some(
          (existing: StoreObject) => readField<Reference>('node', existing)?.__ref === node?.__ref,
        );
        if (hasEdge || pageInfo.hasPreviousPage) return connection;
        return { ...Object(connection), edges: [toReference(edge) ?? { ...edge, node }, ...edges] };
      },
    },
  });
}
