import type { DocumentNode } from 'graphql';
import { createApolloClient } from '../../examples/clients/apollo-client.ts';
import type { persistedHash } from '../../examples/clients/persisted-hash.ts';
import { createUrqlClient } from '../../examples/clients/urql.ts';
import type { ReadSource } from './frontend-client.ts';
import { fetchPolicies } from './operations.ts';

/** Executes operations as components do, and returns their data. */
export interface CachingClient {
  /** Reads from the cache if it has all fields, or from another source. */
  query(document: DocumentNode, variables?: object, from?: ReadSource): Promise<unknown>;
  /** Executes a mutation with one variable, `input`. */
  mutate(document: DocumentNode, input: object): Promise<unknown>;
}

type Create = (url: string, authorization: string, hash?: typeof persistedHash) => CachingClient;

/** The clients with a normalized cache that are configured by documents. */
export const cachingClients: [name: string, create: Create][] = [
  [
    'Apollo Client',
    (...args) => {
      const client = createApolloClient(...args);
      return {
        query: async (query, variables, from = 'cache-first') =>
          (await client.query({ query, variables, fetchPolicy: fetchPolicies[from] })).data,
        mutate: async (mutation, input) => (await client.mutate({ mutation, variables: { input } })).data,
      };
    },
  ],
  [
    'urql',
    (...args) => {
      const client = createUrqlClient(...args);
      return {
        async query(document, variables = {}, from = 'cache-first') {
          const { data, error } = await client.query(document, variables, { requestPolicy: fetchPolicies[from] });
          if (error) throw error;
          return data;
        },
        async mutate(document, input) {
          const { data, error } = await client.mutation(document, { input });
          if (error) throw error;
          return data;
        },
      };
    },
  ],
];
