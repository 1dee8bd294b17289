import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { createYoga } from 'graphql-yoga';

interface Order {
  /** `<uid>-<number>`, with a number from 1 to 3. */
  id: string;
  item: string;
  /** US dollars. */
  total: number;
  user: { uid: string };
}

const ITEMS = ['Wool throw', 'Desk lamp', 'Espresso cups', 'Linen shirt', 'Hiking socks'];

/** Returns the order with an id. The data is generated from the id; the same id always gives the same order. */
function findOrder(id: string): Order | null {
  const [, uid, number] = /^(.+)-([1-3])$/.exec(id) ?? [];
  if (uid === undefined || number === undefined) return null;
  const seed = [...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
  return { id, item: ITEMS[seed % ITEMS.length] ?? 'Gift card', total: (seed % 97) + 0.99, user: { uid } };
}

/** Returns a user's orders, newest first. */
function findOrdersOfUser(uid: string): Order[] {
  return [3, 2, 1].flatMap((number) => findOrder(`${uid}-${number}`) ?? []);
}

/** The SDL of the Orders subgraph, for composition. */
export const ordersSdl = readFileSync(new URL('schema.graphql', import.meta.url), 'utf8');

const schema = buildSubgraphSchema({
  typeDefs: parse(ordersSdl),
  resolvers: {
    Query: { order: (_root: unknown, { id }: { id: string }) => findOrder(id) },
    Order: { __resolveReference: ({ id }: { id: string }) => findOrder(id) },
    User: {
      // This subgraph stores no users: the key is all that it knows.
      __resolveReference: ({ uid }: { uid: string }) => ({ uid }),
      orders: ({ uid }: { uid: string }) => findOrdersOfUser(uid),
    },
  },
});

/** Creates the server of the Orders subgraph at `/graphql`; it is not listening yet. */
export function createOrders(): Server {
  return createServer(createYoga({ schema, landingPage: false, logging: false }));
}
