// TanStack Query with graphql-request: retries, and queries that are read again after a mutation.
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { MutationCache, QueryClient, type QueryFunctionContext } from '@tanstack/query-core';
import { ClientError, GraphQLClient } from 'graphql-request';
import { Users } from './documents.ts';
import type { UsersQuery, UsersQueryVariables } from './generated/graphql.ts';
import { MAX_ATTEMPTS, retryDelay } from './retry.ts';

/** Creates a client. @param authorization the value of the header, such as `Bearer <JWT>`. */
export const createGraphQLClient = (url: string, authorization: string) =>
  new GraphQLClient(url, { headers: { authorization } });

/** The queries whose results a mutation changes, by the first part of their keys. */
const staleQueries: Record<string, string[]> = {
  createUser: ['users', 'list'],
  updateUser: ['users', 'user', 'list'],
  deleteUser: ['users', 'user', 'list'],
  addEvent: ['users', 'user', 'list'],
  removeDevice: ['users', 'user', 'list'],
  createList: ['lists'],
  updateList: ['lists', 'list', 'user'],
  archiveList: ['lists', 'list', 'user'],
  setListSubscription: ['user', 'list'],
  removeFromList: ['user', 'list'],
};

export function createQueryClient(): QueryClient {
  const queryClient: QueryClient = new QueryClient({
    defaultOptions: { queries: { staleTime: 60_000, ...retryRejected(false) }, mutations: retryRejected(true) },
    mutationCache: new MutationCache({
      onSuccess: (_data, _variables, _onMutateResult, { options }) => {
        const stale = staleQueries[String(options.mutationKey?.[0])] ?? [];
        return queryClient.invalidateQueries({ predicate: ({ queryKey }) => stale.includes(String(queryKey[0])) });
      },
    }),
  });
  return queryClient;
}

/** Repeats a request that the gateway has rejected for a short time. */
function retryRejected(isMutation: boolean) {
  const delayAfter = (error: Error) =>
    error instanceof ClientError
      ? retryDelay(error.response.errors, { isMutation, variables: error.request.variables })
      : undefined;
  return {
    retry: (retries: number, error: Error) => retries < MAX_ATTEMPTS - 1 && delayAfter(error) !== undefined,
    retryDelay: (_retries: number, error: Error) => delayAfter(error) ?? 0,
  };
}

/** Options of `useQuery`. @param name the root field. */
export const graphQLQuery = <Data, Variables extends object>(
  client: GraphQLClient,
  name: string,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
) => ({
  queryKey: [name, variables],
  queryFn: ({ signal }: QueryFunctionContext) => client.request<Data>({ document, variables, signal }),
});

/** Options of `useMutation`. @param name the root field. */
export const graphQLMutation = <Data, Input>(
  client: GraphQLClient,
  name: string,
  document: TypedDocumentNode<Data, { input: Input }>,
) => ({
  mutationKey: [name],
  mutationFn: (input: Input) => client.request<Data>({ document, variables: { input } }),
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
