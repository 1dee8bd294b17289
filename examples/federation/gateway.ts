import { createServer, type Server } from 'node:http';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';

/**
 * Makes the gateway of a supergraph, at `/graphql`. It does not listen yet. How it reaches subgraphs is told by the
 * package `@graphql-mesh/transport-http`, which it loads by itself.
 */
export function createGateway(supergraph: string): Server {
  const gateway = createGatewayRuntime({
    supergraph,
    logging: false,
    // Each subgraph decides for itself what the caller may see.
    propagateHeaders: {
      fromClientToSubgraphs: ({ request }) => {
        const authorization = request.headers.get('authorization');
        return authorization === null ? {} : { authorization };
      },
    },
  });
  return createServer(gateway);
}
