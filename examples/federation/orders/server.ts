import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { createYoga } from 'graphql-yoga';
import { orderOf, ordersOf } from './orders.ts';

/** The Orders subgraph, for a composer. */
export const ordersSdl = readFileSync(new URL('schema.graphql', import.meta.url), 'utf8');

const schema = buildSubgraphSchema({
  typeDefs: parse(ordersSdl),
  resolvers: {
    Query: { order: (_root: unknown, { id }: { id: string }) => orderOf(id) },
    Order: { __resolveReference: ({ id }: { id: string }) => orderOf(id) },
    User: {
      // A user as others refer to them is all that this subgraph knows of one.
      __resolveReference: ({ uid }: { uid: string }) => ({ uid }),
      orders: ({ uid }: { uid: string }) => ordersOf(uid),
    },
  },
});

/** Makes the server of the Orders subgraph, at `/graphql`. It does not listen yet. */
export function createOrders(): Server {
  return createServer(createYoga({ schema, landingPage: false, logging: false }));
}
