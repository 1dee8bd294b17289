import { InfiniteQueryObserver, MutationObserver } from '@tanstack/query-core';
import {
  createGraphQLClient,
  createQueryClient,
  graphQLMutation,
  graphQLQuery,
  usersQuery,
} from '../../examples/clients/tanstack-query.ts';
import { type Endpoint, type FrontendClient, PAGE_SIZE, type PageStart, type UserList } from './frontend-client.ts';
import { mutations, queries } from './operations.ts';
import { describeClient } from './scenario.ts';

function create({ url, authorization }: Endpoint): FrontendClient {
  const client = createGraphQLClient(url, authorization);
  const queryClient = createQueryClient();
  queryClient.mount();
  const observe = (start: PageStart) => new InfiniteQueryObserver(queryClient, usersQuery(client, PAGE_SIZE, start));
  let list: ReturnType<typeof observe>;
  /** What the list's component shows after it has loaded. */
  async function shown(loading: Promise<unknown>): Promise<UserList> {
    await loading;
    const { data, hasNextPage, hasPreviousPage } = list.getCurrentResult();
    const pages = data?.pages.map(({ users }) => users) ?? [];
    return {
      uids: pages.flatMap(({ edges }) => edges.map(({ node }) => node.uid)),
      hasNextPage,
      hasPreviousPage,
      startCursor: pages.at(0)?.pageInfo.startCursor ?? null,
      endCursor: pages.at(-1)?.pageInfo.endCursor ?? null,
    };
  }

  return {
    read(view, variables, from) {
      const { query, variables: all } = queries[view](variables);
      return queryClient.fetchQuery({
        ...graphQLQuery(client, view, query, all),
        ...(from === 'server' ? { staleTime: 0 } : {}),
      });
    },
    async mutate(name, input) {
      const data = await new MutationObserver(queryClient, graphQLMutation(client, name, mutations[name])).mutate(
        input,
      );
      return Object(data)[name];
    },
    async openUserList(start) {
      list = observe(start);
      return shown(list.refetch());
    },
    loadNext: () => shown(list.fetchNextPage()),
    loadPrevious: () => shown(list.fetchPreviousPage()),
    stop() {
      queryClient.clear();
      queryClient.unmount();
    },
  };
}

describeClient({ name: 'TanStack Query with graphql-request', pagesFromMiddle: true, create });
