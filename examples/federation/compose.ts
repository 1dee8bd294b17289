import { readFileSync } from 'node:fs';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { ordersSdl } from './orders/server.ts';

/** Where the subgraphs are served. */
export interface Addresses {
  usergraph: string;
  orders: string;
}

const usergraphSdl = readFileSync(new URL('../../subgraph.graphql', import.meta.url), 'utf8');

/** Composes the supergraph. @throws {Error} with every reason why the subgraphs do not fit together. */
export function composeSupergraph({ usergraph, orders }: Addresses): string {
  const { errors, supergraphSdl } = composeServices([
    { name: 'usergraph', typeDefs: parse(usergraphSdl), url: usergraph },
    { name: 'orders', typeDefs: parse(ordersSdl), url: orders },
  ]);
  if (supergraphSdl === undefined) throw new Error(errors?.map(({ message }) => message).join('\n'));
  return supergraphSdl;
}
