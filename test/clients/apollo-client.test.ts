import { filter, firstValueFrom, type Subscription } from 'rxjs';
import { createApolloClient, loadNext, loadPrevious } from '../../examples/clients/apollo-client.ts';
import { Users } from '../../examples/clients/documents.ts';
import type { UsersQuery } from '../../examples/clients/generated/graphql.ts';
import { type Endpoint, type FrontendClient, PAGE_SIZE, type UserList } from './frontend-client.ts';
import { fetchPolicies, mutations, queries, toUserList } from './operations.ts';
import { describeClient } from './scenario.ts';

function create({ url, authorization }: Endpoint): FrontendClient {
  const client = createApolloClient(url, authorization);
  const watchUsers = (variables: object) => client.watchQuery({ query: Users, variables });
  let list: ReturnType<typeof watchUsers>;
  let mounted: Subscription | undefined;
  /** Waits for the next result that a component shows. */
  async function nextResult(previous?: object): Promise<UserList> {
    const isNext = (result: ReturnType<typeof list.getCurrentResult>) =>
      result.dataState === 'complete' && !result.loading && result.data !== previous;
    return toUserList((await firstValueFrom(list.pipe(filter(isNext)))).data as UsersQuery);
  }
  async function extend(load: typeof loadNext): Promise<UserList> {
    const { data } = list.getCurrentResult();
    await load(list, PAGE_SIZE);
    return nextResult(data);
  }
  return {
    async read(view, variables, from) {
      const { data } = await client.query({ ...queries[view](variables), fetchPolicy: fetchPolicies[from] });
      if (!data) throw new Error(`The cache lacks a field of the view ${view}.`);
      return data;
    },
    async mutate(name, input) {
      const { data } = await client.mutate({ mutation: mutations[name], variables: { input } });
      return Object(data)[name];
    },
    async openUserList(start) {
      list = watchUsers(start);
      mounted = list.subscribe({});
      return nextResult();
    },
    loadNext: () => extend(loadNext),
    loadPrevious: () => extend(loadPrevious),
    stop() {
      mounted?.unsubscribe();
      client.stop();
    },
  };
}

describeClient({ name: 'Apollo Client', pagesFromMiddle: true, create });
