// urql with graphcache: a normalized cache, automatic persisted queries, and retries.
import { Client, fetchExchange, makeOperation } from '@urql/core';
import { type Cache, cacheExchange, type Data, type Resolver, type UpdateResolver } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { persistedExchange } from '@urql/exchange-persisted';
import { retryExchange } from '@urql/exchange-retry';
import type { DocumentNode } from 'graphql';
import type { MutationResult } from './documents.ts';
import schema from './generated/introspection.ts';
import { isIdempotentOperation } from './idempotent-operation.ts';
import { MAX_ATTEMPTS, retryDelay } from './retry.ts';

/**
 * Creates a client.
 * @param authorization the value of the header, such as `Bearer <JWT>`.
 * @param persistedHash for documents that the gateway knows. Omit it to use automatic persisted queries.
 */
export function createUrqlClient(
  url: string,
  authorization: string,
  persistedHash?: (document: DocumentNode) => string,
): Client {
  const generateHash = persistedHash && (async (_query: string, document: DocumentNode) => persistedHash(document));
  return new Client({
    url,
    preferGetMethod: false,
    fetchOptions: { headers: { authorization } },
    exchanges: [
      createCache(),
      retryRejected,
      persistedExchange({ preferGetForPersistedQueries: false, enableForMutation: true, generateHash }),
      fetchExchange,
    ],
  });
}

/** Retries temporarily rejected requests after `retryAfter` seconds, which the exchange multiplies by 1.5 to 2.5. */
const retryRejected = retryExchange({
  maxNumberAttempts: MAX_ATTEMPTS,
  retryWith(error, operation) {
    const { kind, query, variables, context } = operation;
    const delay = retryDelay(error.graphQLErrors, isIdempotentOperation(query, variables));
    if (delay === undefined) return null;
    return makeOperation(kind, operation, { ...context, retry: { count: 0, ...context.retry, delay } });
  },
});

/** Merges the pages of a connection, and leaves out edges of deleted users. */
const mergePages: Resolver = (parent, args, cache, info) => {
  const page = cache.resolve(info.parentKey, info.fieldName, args) as string | null | undefined;
  // relayPagination would take a page for empty of which only other fields were read, such as `totalCount`.
  if (page && !edgesOf(cache, page)) return page;
  const connection = relayPagination()(parent, args, cache, info);
  if (!connection) return connection;
  return {
    ...connection,
    edges: connection.edges.filter((edge: string) => cache.resolve(nodeOf(cache, edge), '__typename')),
  };
};

/** The keys of a connection's edges; undefined if they were not read. `resolve` returns keys for objects. */
const edgesOf = (cache: Cache, connection: string | null) => cache.resolve(connection, 'edges') as string[] | undefined;

/** The key of an edge's node. */
const nodeOf = (cache: Cache, edge: string) => cache.resolve(edge, 'node') as string | null;

const keyByCursor = ({ cursor }: Data) => String(cursor);

/** Updates what the cache cannot derive from a payload: new edges, new users by their uid, and deleted objects. */
const updateCache: UpdateResolver = (data, _args, cache, { fieldName }) => {
  const result = data[fieldName] as MutationResult;
  switch (result.__typename) {
    case 'CreateUserPayload':
    case 'UpdateUserPayload':
      // Null if a query was sent before the user existed.
      if (result.userEdge) cache.invalidate('Query', 'user', { uid: result.userEdge.node.uid });
      return prependEdge(cache, 'Query', 'users', result.userEdge);
    case 'DeleteUserPayload':
      cache.link('Query', 'user', { uid: result.uid }, null);
      return cache.invalidate({ __typename: 'User', id: result.deletedUserId });
    case 'AddEventPayload':
      return prependEdge(cache, result.user, 'events', result.eventEdge);
    case 'CreateListPayload':
      return prependEdge(cache, 'Query', 'lists', result.listEdge);
    case 'SetListSubscriptionPayload':
      return prependEdge(cache, result.list, 'members', result.edge);
    case 'RemoveFromListPayload':
      return cache.invalidate({ __typename: 'ListMemberEdge', id: result.removedEdgeId });
  }
};

const createCache = () =>
  cacheExchange({
    schema,
    keys: {
      UserEdge: keyByCursor,
      EventEdge: keyByCursor,
      ListEdge: keyByCursor,
      SegmentEdge: keyByCursor,
      Viewer: () => null,
    },
    resolvers: {
      Query: { users: mergePages, lists: mergePages, segments: mergePages },
      User: { events: mergePages },
      List: { members: mergePages },
      Segment: { members: mergePages },
    },
    updates: {
      Mutation: {
        createUser: updateCache,
        updateUser: updateCache,
        deleteUser: updateCache,
        addEvent: updateCache,
        createList: updateCache,
        setListSubscription: updateCache,
        removeFromList: updateCache,
      },
    },
  });

/** Adds an edge at the start of a connection's first page. Pages with a filter or an order are refetched. */
function prependEdge(
  cache: Cache,
  owner: Data | 'Query' | null,
  field: string,
  edge: (Data & { node: Data }) | null,
): void {
  if (!edge) return;
  for (const page of cache.inspectFields(owner).filter(({ fieldName }) => fieldName === field)) {
    const { first, after, last, before, ...filter } = page.arguments ?? {};
    if (Object.keys(filter).length > 0) cache.invalidate(owner, field, page.arguments);
    if (Object.keys(filter).length > 0 || after || last || before) continue;
    const connection = cache.resolve(owner, page.fieldKey) as string | null;
    const edges = edgesOf(cache, connection);
    const hasEdge = edges?.some((existing) => nodeOf(cache, existing) === cache.keyOfEntity(edge.node));
    if (edges && !hasEdge) cache.link(connection, 'edges', [edge, ...edges]);
  }
}
