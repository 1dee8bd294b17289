import {
  type GraphQLFieldConfig,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  isObjectType,
} from 'graphql';
import type { Context } from '../graphql/context.ts';
import { schema } from '../graphql/schema.ts';
import { entitiesField } from './entities.ts';
import { keysOf } from './representation.ts';
import { subgraphSdl } from './sdl.ts';

/** The SDL, made when it is asked for first. */
function sdl(): string {
  made ??= subgraphSdl(schema);
  return made;
}
let made: string | undefined;

const Service = new GraphQLObjectType({
  name: '_Service',
  description: 'What a subgraph says of itself (Apollo Federation).',
  fields: {
    sdl: {
      type: new GraphQLNonNull(GraphQLString),
      description: 'The subgraph’s schema, with its keys and scopes, for a composer. As in subgraph.graphql.',
      resolve: () => sdl(),
    },
  },
});

const serviceField: GraphQLFieldConfig<unknown, Context> = {
  type: new GraphQLNonNull(Service),
  description: 'For composers: what this subgraph is. Requires `schema:read`, as introspection does.',
  extensions: { requiresScopes: ['schema:read'] },
  resolve: () => ({}),
};

/** The schema as it is served: the graph, and what a router and a composer ask a subgraph for beside it. */
export const servedSchema = withSubgraphFields(schema);

function withSubgraphFields(graph: GraphQLSchema): GraphQLSchema {
  const { query, types, ...config } = graph.toConfig();
  if (!query) throw new Error('The graph has no queries.');
  const { fields, ...ofQuery } = query.toConfig();
  const entities = Object.keys(keysOf)
    .map((name) => graph.getType(name))
    .filter(isObjectType);
  const subgraphFields = { _entities: entitiesField(entities), _service: serviceField };
  return new GraphQLSchema({
    ...config,
    query: new GraphQLObjectType({ ...ofQuery, fields: { ...fields, ...subgraphFields } }),
    types: types.filter((type) => type !== query),
  });
}
