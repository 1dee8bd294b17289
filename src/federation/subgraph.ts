import { type GraphQLFieldConfig, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, GraphQLString, isObjectType, GraphQLInterfaceType, GraphQLScalarType, lexicographicSortSchema } from 'graphql';
import type { Context } from '../graphql/context.ts';
import { schema } from '../graphql/schema/index.ts';
import { entitiesField, keysOf } from './entities.ts';
import { filterSchema, MapperKind, mapSchema, printSchemaWithDirectives } from '@graphql-tools/utils';

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

/** Federation 2.5 is the first with `@requiresScopes`. */
const LINK = {
  url: 'https://specs.apollo.dev/federation/v2.5',
  import: ['@key', '@shareable', '@requiresScopes'],
};

/** Every Relay subgraph has them, and only one subgraph of a graph may. */
const ROOT_FIELDS_OF_RELAY = new Set(['node', 'nodes']);

/** What other subgraphs are likely to define, too. */
const SHARED = new Set([
  'Node',
  'PageInfo',
  'DateTime',
  'Error',
  'ValidationError',
  'ValidationIssue',
  'NotFoundError',
  'ForbiddenError',
]);

/**
 * The schema as a composer takes it: with keys, scopes and what may be shared; without what collides with other
 * subgraphs, and without the definitions that federation brings along.
 */
export function subgraphSdl(schema: GraphQLSchema): string {
  const own = filterSchema({
    schema,
    rootFieldFilter: (operation, name) => operation !== 'Query' || !ROOT_FIELDS_OF_RELAY.has(name),
    typeFilter: (name) => name !== 'Scope',
    directiveFilter: (name) => name !== 'requiresScopes',
  });
  const marked = mapSchema(own, {
    [MapperKind.OBJECT_TYPE]: (type) => new GraphQLObjectType(withoutDescriptions(marking(type))),
    [MapperKind.INTERFACE_TYPE]: (type) => new GraphQLInterfaceType(withoutDescriptions(type.toConfig())),
    [MapperKind.SCALAR_TYPE]: (type) => new GraphQLScalarType(withoutDescriptions(type.toConfig())),
  });
  marked.extensions = { ...marked.extensions, directives: { link: LINK } };
  return `${printSchemaWithDirectives(lexicographicSortSchema(marked))}\n`;
}

/** A type with its keys, and that it may be shared. */
function marking(type: GraphQLObjectType): ReturnType<GraphQLObjectType['toConfig']> {
  const config = type.toConfig();
  const keys = Object.entries(keysOf).find(([name]) => name === type.name)?.[1] ?? [];
  const directives = {
    ...(keys.length > 0 ? { key: keys.map((fields) => ({ fields })) } : {}),
    ...(SHARED.has(type.name) ? { shareable: {} } : {}),
  };
  return { ...config, extensions: { ...config.extensions, directives } };
}

interface Described {
  name: string;
  fields?: Record<string, object>;
}

/** The printer prefers what a syntax tree says to what its type says. */
const undescribed = { description: undefined, astNode: undefined };

/** Composers complain where subgraphs describe what they share in different words, so we leave that to the others. */
function withoutDescriptions<Config extends Described>(config: Config): Config {
  if (!SHARED.has(config.name)) return config;
  const fields = Object.entries(config.fields ?? {}).map(([name, field]) => [name, { ...field, ...undescribed }]);
  return { ...config, ...undescribed, ...(config.fields ? { fields: Object.fromEntries(fields) } : {}) };
}
