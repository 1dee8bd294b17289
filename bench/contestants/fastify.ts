import type { Contestant } from './contestant.ts';
import { typenameRequest } from './usergraph.ts';

/** Fastify alone: what a request costs before GraphQL. It parses the body and returns a constant. */
export const fastify: Contestant = {
  name: 'fastify',
  title: 'Fastify alone',
  script: 'bench/fastify/server.ts',
  environment: () => ({}),
  path: '/graphql',
  requests: () => ({ typename: typenameRequest }),
};
