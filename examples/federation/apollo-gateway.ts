import { ApolloGateway, type GraphQLDataSourceProcessOptions, RemoteGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { GraphQLError } from 'graphql';
import { z } from 'zod';
import { fetchWithRetry } from './fetch-with-retry.ts';

/** The part of a client's request that is forwarded to subgraphs. */
interface ClientContext {
  authorization?: string | undefined;
}

/** The extensions of the error that `RemoteGraphQLDataSource` creates for an HTTP status, if the body is a GraphQL response. */
const errorResponse = z.object({
  response: z.object({
    body: z.object({
      errors: z.array(z.object({ message: z.string(), extensions: z.record(z.string(), z.unknown()) })),
    }),
  }),
});

/** A subgraph that authenticates the caller and enforces its own permissions. */
class Subgraph extends RemoteGraphQLDataSource<ClientContext> {
  override fetcher = fetchWithRetry as RemoteGraphQLDataSource['fetcher'];

  override willSendRequest({ request, context }: GraphQLDataSourceProcessOptions<ClientContext>): void {
    if (context.authorization !== undefined) request.http?.headers.set('authorization', context.authorization);
  }

  /** Passes on the subgraph's own error, with its code, instead of `403: Forbidden`. */
  override async errorFromResponse(response: Parameters<RemoteGraphQLDataSource['errorFromResponse']>[0]) {
    const error = await super.errorFromResponse(response);
    const { data } = errorResponse.safeParse(error.extensions);
    const [first] = data?.response.body.errors ?? [];
    return first ? new GraphQLError(first.message, { extensions: first.extensions }) : error;
  }
}

/**
 * Starts Apollo Server with `@apollo/gateway` (Elastic License 2.0) on 127.0.0.1.
 * @param supergraph composed from the subgraph without scopes: `npm run schema:subgraph -- --without-scopes`.
 * @param port 0 for any free port.
 */
export async function startApolloGateway(supergraph: string, port: number) {
  const gateway = new ApolloGateway({
    supergraphSdl: supergraph,
    // usergraph stores documents, unless LIMIT_PERSISTED_QUERY_BYTES is 0: then every request with a hash alone fails.
    buildService: ({ name, url }) => new Subgraph({ url, apq: name === 'usergraph' }),
  });
  const server = new ApolloServer<ClientContext>({ gateway, stopOnTerminationSignals: false });
  const { url } = await startStandaloneServer(server, {
    listen: { host: '127.0.0.1', port },
    context: async ({ req }) => ({ authorization: req.headers.authorization }),
  });
  return { address: url, stop: () => server.stop() };
}
