import type { RequestPolicy } from '@urql/core';
import { Users } from '../../examples/clients/documents.ts';
import type { UsersQuery } from '../../examples/clients/generated/graphql.ts';
import { createUrqlClient } from '../../examples/clients/urql.ts';
import type { Endpoint, FrontendClient } from './frontend-client.ts';
import { mutations, queries, toUserList } from './operations.ts';
import { describeClient } from './scenario.ts';

const requestPolicies = { server: 'network-only', cache: 'cache-only', 'cache-first': 'cache-first' } as const;

/** Users per page of a paginated list. */
const PAGE = 2;

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
      return query(operation.query, operation.variables, requestPolicies[from]);
    },
    async mutate(name, input) {
      const { data, error } = await client.mutation(mutations[name], { input });
      if (error) throw error;
      return data[name];
    },
    openUserList: showPage,
    loadNext: () => showPage({ first: PAGE, after: list.endCursor }),
    loadPrevious: () => showPage({ last: PAGE, before: list.startCursor }),
    stop() {},
  };
}

describeClient({ name: 'urql with graphcache', pagesFromMiddle: false, create });
