import { filter, firstValueFrom, type Subscription } from 'rxjs';
import { createApolloClient, loadNext, loadPrevious } from '../../examples/clients/apollo-client.ts';
import { Users } from '../../examples/clients/documents.ts';
import type { FrontendClient, UserList } from './frontend-client.ts';
import { mutations, queries, toUserList } from './operations.ts';
import { describeClient } from './scenario.ts';

/** Users per page of a paginated list. */
const PAGE = 2;

function create({ url, authorization }: { url: string; authorization: string }): FrontendClient {
  const client = createApolloClient(url, authorization);
  const watchUsers = (variables: object) => client.watchQuery({ query: Users, variables });
  let list: ReturnType<typeof watchUsers>;
  let mounted: Subscription | undefined;
  /** The list as its component shows it. */
  const shown = async (): Promise<UserList> => {
    const { data } = await firstValueFrom(list.pipe(filter(({ dataState }) => dataState === 'complete')));
    return toUserList(data);
  };
  return {
    async read(view, variables, from) {
      const fetchPolicy = from === 'server' ? 'network-only' : 'cache-only';
      const { data } = await client.query({ ...queries[view](variables), fetchPolicy });
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
      return shown();
    },
    async loadNext() {
      await loadNext(list, PAGE);
      return shown();
    },
    async loadPrevious() {
      await loadPrevious(list, PAGE);
      return shown();
    },
    stop() {
      mounted?.unsubscribe();
      client.stop();
    },
  };
}

describeClient({ name: 'Apollo Client', create });
