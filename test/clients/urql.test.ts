import type { RequestPolicy } from '@urql/core';
import { Users } from '../../examples/clients/documents.ts';
import type { UsersQuery } from '../../examples/clients/generated/graphql.ts';
import { createUrqlClient } from '../../examples/clients/urql.ts';
import { type Endpoint, type FrontendClient, PAGE_SIZE } from './frontend-client.ts';
import { fetchPolicies, mutations, queries, toUserList } from './operations.ts';
import { describeClient } from './scenario.ts';

function create({ url, authorization }: Endpoint): FrontendClient {
  const client = createUrqlClient(url, authorization);
  let list: ReturnType<typeof toUserList>;

  async function query<Data>(
    document: Parameters<typeof client.query<Data>>[0],
    variables: object,
    requestPolicy: RequestPolicy,
  ) {
    const { data, error } = await client.query(document, variables, { requestPolicy });
    if (error) throw error;
    if (!data) throw new Error('The cache lacks a field.');
    return data;
  }

  const showPage = async (variables: object) => {
    list = toUserList(await query<UsersQuery>(Users, variables, 'cache-first'));
    return list;
  };
  return {
    read(view, variables, from) {
      const operation = queries[view](variables);
      return query(operation.query, operation.variables, fetchPolicies[from]);
    },
    async mutate(name, input) {
      const { data, error } = await client.mutation(mutations[name], { input });
      if (error) throw error;
      return data[name];
    },
    openUserList: showPage,
    loadNext: () => showPage({ first: PAGE_SIZE, after: list.endCursor }),
    loadPrevious: () => showPage({ last: PAGE_SIZE, before: list.startCursor }),
    stop() {},
  };
}

describeClient({ name: 'urql with graphcache', pagesFromMiddle: false, create });
