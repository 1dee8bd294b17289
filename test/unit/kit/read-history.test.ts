import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { ReadHistory } from '../../kit/read-history.ts';

interface Body {
  query: string;
  variables: { event: { value: number }; user: { meta: Record<string, number> } };
}

/** Serves one user, and forgets what is written through one of the reading APIs. */
async function serveUser(forgetting: 'graphql' | 'rest' | undefined) {
  const values: number[] = [];
  const meta: Record<string, number> = {};
  const answer = ({ query, variables }: Body) => {
    if (!query.startsWith('mutation')) {
      const nodes = (forgetting === 'graphql' ? [] : values.slice(0, 10)).map((value) => ({ value }));
      return { data: { user: { events: { nodes } } } };
    }
    values.unshift(variables.event.value);
    Object.assign(meta, variables.user.meta);
    return {
      data: { addEvent: { __typename: 'AddEventPayload' }, updateUser: { __typename: 'UpdateUserPayload' } },
    };
  };
  const server = createServer(async (request, response) => {
    const body = request.method === 'POST' ? answer((await json(request)) as Body) : undefined;
    response.end(JSON.stringify(body ?? { meta: forgetting === 'rest' ? {} : meta }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

it.each(['graphql', 'rest', undefined] as const)('finds reads through %s without acknowledged writes', async (api) => {
  const server = await serveUser(api);
  const history = new ReadHistory(server.address, ['key'], 1);
  history.start();
  const least = () => Math.min(history.writes, history.reads.graphql, history.reads.rest);
  await expect.poll(least, { timeout: 20_000 }).toBeGreaterThan(10);
  await history.stop();
  server.close();
  expect(history.failed).toEqual({ write: 0, read: 0 });
  expect(history.stale.length).toBe(api ? history.reads[api] : 0);
  expect(history.stale.filter((text) => !text.startsWith(`${api} client0-0: own write`))).toEqual([]);
});
