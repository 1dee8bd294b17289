import { filterSchema, MapperKind, mapSchema, printSchemaWithDirectives } from '@graphql-tools/utils';
import {
  GraphQLInterfaceType,
  GraphQLObjectType,
  GraphQLScalarType,
  type GraphQLSchema,
  lexicographicSortSchema,
} from 'graphql';
import { keysOf } from './representation.ts';

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
