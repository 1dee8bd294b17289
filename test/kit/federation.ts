import type { Server } from 'node:http';
import { startApolloGateway } from '../../examples/federation/apollo-gateway.ts';
import { composeSupergraph, createGateway, listen, type SubgraphAddresses } from '../../examples/federation/gateway.ts';
import { createOrders } from '../../examples/federation/orders/server.ts';
import { type Answer, startApp } from './app.ts';
import { printedSubgraph } from './printed-schema.ts';

/** Counts the requests that reach a server. */
function countRequests(server: Server): () => number {
  let count = 0;
  server.on('request', () => {
    count += 1;
  });
  return () => count;
}

/** Closes a server with its connections. */
export async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
}

/** The gateways of the example. */
export type Router = keyof typeof routers;

/** Starts a gateway over the subgraphs. */
const routers = {
  async hive(addresses: SubgraphAddresses) {
    const gateway = createGateway(composeSupergraph(addresses));
    return { address: await listen(gateway, 0), stop: () => closeServer(gateway) };
  },
  apollo: (addresses: SubgraphAddresses) => startApolloGateway(composeSupergraph(addresses, printedSubgraph(false)), 0),
};

/** A gateway of the example over the Orders subgraph and usergraph, each listening. @param options of usergraph. */
export async function startGraph(router: Router = 'hive', options: Parameters<typeof startApp>[0] = {}) {
  const app = await startApp({ ownApp: true, ...options });
  const [orders, usergraph] = [createOrders(), app.app.server];
  const counts = [countRequests(usergraph), countRequests(orders)];
  const addresses = {
    usergraph: `${await app.app.listen({ host: '127.0.0.1', port: 0 })}/graphql`,
    orders: await listen(orders, 0),
  };
  const gateway = await routers[router](addresses);
  const requests = () => counts.map((count) => count());

  return {
    ...app,
    /** The port of usergraph. */
    port: Number(new URL(addresses.usergraph).port),
    /**
     * Sends a query to the gateway.
     * @param caller the owner by default; null sends no credentials.
     * @returns the response, and the number of requests that usergraph and Orders received for it.
     */
    async ask(query: string, caller: string | null = app.owner): Promise<Answer & { requests: number[] }> {
      const before = requests();
      const response = await fetch(gateway.address, {
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
      await gateway.stop();
      await closeServer(orders);
      await app[Symbol.asyncDispose]();
    },
  };
}
