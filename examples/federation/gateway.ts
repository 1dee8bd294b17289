import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createGatewayRuntime, useCustomFetch } from '@graphql-hive/gateway-runtime';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { fetchWithRetry } from './fetch-with-retry.ts';
import { ordersSdl } from './orders/server.ts';

/** The `/graphql` addresses of the subgraphs. */
export interface SubgraphAddresses {
  usergraph: string;
  orders: string;
}

const usergraphSdl = readFileSync(new URL('../../subgraph.graphql', import.meta.url), 'utf8');

/** Composes the supergraph. @param sdl the schema of usergraph. @throws {Error} with all composition errors. */
export function composeSupergraph({ usergraph, orders }: SubgraphAddresses, sdl = usergraphSdl): string {
  const { errors, supergraphSdl } = composeServices([
    { name: 'usergraph', typeDefs: parse(sdl), url: usergraph },
    { name: 'orders', typeDefs: parse(ordersSdl), url: orders },
  ]);
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join('\n'));
  return supergraphSdl;
}

/**
 * Creates the gateway of a supergraph at `/graphql`; it is not listening yet. The gateway sends requests to subgraphs with the
 * package `@graphql-mesh/transport-http`, which it imports dynamically.
 */
export function createGateway(supergraph: string): Server {
  const gateway = createGatewayRuntime({
    supergraph,
    logging: false,
    // Each subgraph authenticates the caller and enforces its own permissions.
    propagateHeaders: {
      fromClientToSubgraphs: ({ request }) => {
        const authorization = request.headers.get('authorization');
        return authorization === null ? {} : { authorization };
      },
    },
    // Not upstreamRetry: gateway-runtime 2.12 repeats requests without the propagated headers.
    plugins: () => [useCustomFetch(fetchWithRetry)],
  });
  return createServer(gateway);
}

/** Listens on 127.0.0.1. @param port 0 for any free port. @returns the address of `/graphql`. */
export async function listen(server: Server, port: number): Promise<string> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on a port.');
  return `http://127.0.0.1:${address.port}/graphql`;
}
