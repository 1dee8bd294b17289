import type { Server } from 'node:http';
import { composeSupergraph, createGateway, listen } from '../../examples/federation/gateway.ts';
import { createOrders } from '../../examples/federation/orders/server.ts';
import { type Answer, startApp } from './app.ts';

/** Counts the requests that reach a server. */
function countRequests(server: Server): () => number {
  let count = 0;
  server.on('request', () => {
    count += 1;
  });
  return () => count;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
}

/** The example's gateway over the Orders subgraph and usergraph, each listening. */
export async function startGraph() {
  const app = await startApp({ ownApp: true });
  const [orders, usergraph] = [createOrders(), app.app.server];
  const counts = [countRequests(usergraph), countRequests(orders)];
  const addresses = {
    usergraph: `${await app.app.listen({ host: '127.0.0.1', port: 0 })}/graphql`,
    orders: await listen(orders, 0),
  };
  const gateway = createGateway(composeSupergraph(addresses));
  const address = await listen(gateway, 0);
  const requests = () => counts.map((count) => count());

  return {
    ...app,
    /**
     * Sends a query to the gateway.
     * @param caller the owner by default; null sends no credentials.
     * @returns the response, and the number of requests that usergraph and Orders received for it.
     */
    async ask(query: string, caller: string | null = app.owner): Promise<Answer & { requests: number[] }> {
      const before = requests();
      const response = await fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(caller ? { authorization: caller } : {}) },
        body: JSON.stringify({ query }),
      });
      const answer = await response.json();
      const after = requests();
      return {
        status: response.status,
        headers: {},
        ...answer,
        requests: after.map((count, place) => count - (before[place] ?? 0)),
      };
    },
    async [Symbol.asyncDispose]() {
      await close(gateway);
      await close(orders);
      await app[Symbol.asyncDispose]();
    },
  };
}
