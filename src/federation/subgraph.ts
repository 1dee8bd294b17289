import { filterSchema, MapperKind, mapSchema, printSchemaWithDirectives } from '@graphql-tools/utils';
import {
  type GraphQLFieldConfig,
  GraphQLInterfaceType,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  isObjectType,
  lexicographicSortSchema,
} from 'graphql';
import type { Scope } from '../domain/shared/scopes.ts';
import type { Context } from '../graphql/context.ts';
import { schema } from '../graphql/schema/index.ts';
import { withScopes } from '../graphql/schema/scopes-plugin.ts';
import { entitiesField, keysOf } from './entities.ts';

let printedSdl: string | undefined;

/** Returns the subgraph's SDL, which is printed on the first call. */
function sdl(): string {
  printedSdl ??= subgraphSdl(schema);
  return printedSdl;
}

const Service = new GraphQLObjectType({
  name: '_Service',
  description: 'The description of a subgraph (Apollo Federation).',
  fields: {
    sdl: {
      type: new GraphQLNonNull(GraphQLString),
      description:
        "The subgraph's schema with its keys and scopes, for composition. The same text as subgraph.graphql.",
      resolve: () => sdl(),
    },
  },
});

/** The same as for introspection. */
const SERVICE_SCOPES: readonly Scope[] = ['schema:read'];

const serviceField: GraphQLFieldConfig<unknown, Context> = {
  type: new GraphQLNonNull(Service),
  description: withScopes('For composition. Returns the description of this subgraph.', SERVICE_SCOPES),
  extensions: { requiresScopes: SERVICE_SCOPES },
  resolve: () => ({}),
};

/** The schema that the gateway serves: the graph, and the fields of a federation subgraph. */
export const servedSchema = withSubgraphFields(schema);

function withSubgraphFields(graph: GraphQLSchema): GraphQLSchema {
  const { query, types, ...config } = graph.toConfig();
  if (!query) throw new Error('The schema has no query type.');
  const { fields, ...queryConfig } = query.toConfig();
  const entities = Object.keys(keysOf)
    .map((name) => graph.getType(name))
    .filter(isObjectType);
  const subgraphFields = { _entities: entitiesField(entities), _service: serviceField };
  return new GraphQLSchema({
    ...config,
    query: new GraphQLObjectType({ ...queryConfig, fields: { ...fields, ...subgraphFields } }),
    types: types.filter((type) => type !== query),
  });
}

const FEDERATION = 'https://specs.apollo.dev/federation';

/** Federation 2.5 is the first version with `@requiresScopes`. */
const LINK = { url: `${FEDERATION}/v2.5`, import: ['@key', '@shareable', '@requiresScopes'] };

const LINK_WITHOUT_SCOPES = { url: `${FEDERATION}/v2.0`, import: ['@key', '@shareable'] };

/**
 * Root fields that other subgraphs are likely to define as well, although only one subgraph of a graph can: `node` and `nodes`
 * of every Relay subgraph, and `viewer`, which is the caller as this subgraph sees it.
 */
const COLLIDING_ROOT_FIELDS = new Set(['node', 'nodes', 'viewer']);

/** Types of which the subgraph's SDL has no field. */
const UNUSED_TYPES = new Set(['Scope', 'Viewer']);

/** Types that other subgraphs are likely to define as well. */
const SHARED_TYPES = new Set([
  'Node',
  'PageInfo',
  'DateTime',
  'Error',
  'ValidationError',
  'ValidationIssue',
  'NotFoundError',
  'ForbiddenError',
]);

interface SubgraphOptions {
  /** Whether the fields have `@requiresScopes`. Routers without security features reject a supergraph that uses it. */
  scopes: boolean;
}

/**
 * Prints the schema for composition: with keys, scopes and `@shareable`; without root fields that collide with other subgraphs,
 * and without the definitions of the federation specification.
 */
export function subgraphSdl(schema: GraphQLSchema, { scopes }: SubgraphOptions = { scopes: true }): string {
  const filtered = filterSchema({
    schema,
    rootFieldFilter: (operation, name) => operation !== 'Query' || !COLLIDING_ROOT_FIELDS.has(name),
    typeFilter: (name) => !UNUSED_TYPES.has(name),
    directiveFilter: (name) => name !== 'requiresScopes',
  });
  const annotated = mapSchema(filtered, {
    [MapperKind.OBJECT_TYPE]: (type) => {
      const config = withoutSharedDescriptions(withDirectives(type));
      return new GraphQLObjectType(scopes ? config : withoutFieldDirectives(config));
    },
    [MapperKind.INTERFACE_TYPE]: (type) => new GraphQLInterfaceType(withoutSharedDescriptions(type.toConfig())),
    [MapperKind.SCALAR_TYPE]: (type) => new GraphQLScalarType(withoutSharedDescriptions(type.toConfig())),
  });
  const link = scopes ? LINK : LINK_WITHOUT_SCOPES;
  annotated.extensions = { ...annotated.extensions, directives: { link } };
  return `${printSchemaWithDirectives(lexicographicSortSchema(annotated))}\n`;
}

type ObjectConfig = ReturnType<GraphQLObjectType['toConfig']>;

/** Removes the directives of the fields of a type: the only one is `@requiresScopes`. `@deprecated` is not in `extensions`. */
function withoutFieldDirectives(config: ObjectConfig): ObjectConfig {
  const fields = Object.entries(config.fields).map(([name, field]) => {
    const extensions = { ...field.extensions, directives: {} };
    return [name, { ...field, extensions, astNode: undefined }];
  });
  return { ...config, fields: Object.fromEntries(fields), astNode: undefined };
}

/** Adds `@key` to an entity, and `@shareable` to a shared type. */
function withDirectives(type: GraphQLObjectType): ObjectConfig {
  const config = type.toConfig();
  const keys = Object.entries(keysOf).find(([name]) => name === type.name)?.[1] ?? [];
  const directives = {
    ...(keys.length > 0 ? { key: keys.map((fields) => ({ fields })) } : {}),
    ...(SHARED_TYPES.has(type.name) ? { shareable: {} } : {}),
  };
  return { ...config, extensions: { ...config.extensions, directives } };
}

interface TypeConfig {
  name: string;
  fields?: Record<string, object>;
}

/** The printer takes a description from the syntax tree if there is one. */
const noDescription = { description: undefined, astNode: undefined };

/** Removes the descriptions of a shared type: composers warn if subgraphs describe a shared type differently. */
function withoutSharedDescriptions<Config extends TypeConfig>(config: Config): Config {
  if (!SHARED_TYPES.has(config.name)) return config;
  const fields = Object.entries(config.fields ?? {}).map(([name, field]) => [name, { ...field, ...noDescription }]);
  return { ...config, ...noDescription, ...(config.fields ? { fields: Object.fromEntries(fields) } : {}) };
}
