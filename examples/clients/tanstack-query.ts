// TanStack Query with graphql-request: retries, and queries that are refetched after a mutation.
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { MutationCache, QueryClient, type QueryFunctionContext } from '@tanstack/query-core';
import { ClientError, GraphQLClient } from 'graphql-request';
import { Users } from './documents.ts';
import type { UsersQuery, UsersQueryVariables } from './generated/graphql.ts';
import { isIdempotent, MAX_ATTEMPTS, retryDelay, withRetries } from './retry.ts';

/** Creates a client. @param authorization the value of the header, such as `Bearer <JWT>`. */
export const createGraphQLClient = (url: string, authorization: string) =>
  new GraphQLClient(url, { headers: { authorization } });

/** The queries whose results a mutation changes, by the first part of their keys. */
const staleQueries: Record<string, string[]> = {
  createUser: ['users', 'user', 'list'],
  updateUser: ['users', 'user', 'list'],
  deleteUser: ['users', 'user', 'list'],
  addEvent: ['users', 'user', 'list'],
  removeDevice: ['users', 'user', 'list'],
  createList: ['lists'],
  updateList: ['lists', 'list', 'user'],
  archiveList: ['lists', 'list', 'user'],
  // A filter for users can compare their memberships.
  setListSubscription: ['users', 'user', 'list'],
  removeFromList: ['users', 'user', 'list'],
};

export function createQueryClient(): QueryClient {
  const queryClient: QueryClient = new QueryClient({
    defaultOptions: { queries: { staleTime: 60_000, ...retryRejected } },
    mutationCache: new MutationCache({
      onSuccess: (_data, _variables, _onMutateResult, { options }) => {
        const stale = staleQueries[String(options.mutationKey?.[0])] ?? [];
        return queryClient.invalidateQueries({ predicate: ({ queryKey }) => stale.includes(String(queryKey[0])) });
      },
    }),
  });
  return queryClient;
}

const errorsOf = (error: unknown) => (error instanceof ClientError ? error.response.errors : undefined);

/** Retries temporarily rejected queries after `retryAfter` seconds. */
const retryRejected = {
  retry: (retries: number, error: Error) =>
    retries < MAX_ATTEMPTS - 1 && retryDelay(errorsOf(error), true) !== undefined,
  retryDelay: (_retries: number, error: Error) => retryDelay(errorsOf(error), true) ?? 0,
};

/** Options of `useQuery`. @param name the root field, also the first part of the key. */
export const graphQLQuery = <Data, Variables extends object>(
  client: GraphQLClient,
  name: string,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
) => ({
  queryKey: [name, variables],
  queryFn: ({ signal }: QueryFunctionContext) => client.request<Data>({ document, variables, signal }),
});

/**
 * Options of `useMutation`. Retries are here, since the option `retry` does not receive the input.
 * @param name the root field, also the first part of the key.
 */
export const graphQLMutation = <Data, Input>(
  client: GraphQLClient,
  name: string,
  document: TypedDocumentNode<Data, { input: Input }>,
) => ({
  mutationKey: [name],
  mutationFn: (input: Input) =>
    withRetries(() => client.request<Data>({ document, variables: { input } }), isIdempotent(name, input), errorsOf),
});

/** Options of `useInfiniteQuery`, which pages both ways. */
export const usersQuery = (
  client: GraphQLClient,
  pageSize: number,
  start: UsersQueryVariables = { first: pageSize },
) => ({
  queryKey: ['users', 'pages', start],
  queryFn: ({ pageParam, signal }: QueryFunctionContext<unknown[], UsersQueryVariables>) =>
    client.request({ document: Users, variables: pageParam, signal }),
  initialPageParam: start,
  getNextPageParam: ({ users: { pageInfo } }: UsersQuery) =>
    pageInfo.hasNextPage ? { first: pageSize, after: pageInfo.endCursor } : undefined,
  getPreviousPageParam: ({ users: { pageInfo } }: UsersQuery) =>
    pageInfo.hasPreviousPage ? { last: pageSize, before: pageInfo.startCursor } : undefined,
});
