import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { lexicographicSortSchema } from 'graphql';
import { subgraphSdl } from '../../src/federation/subgraph.ts';
import { schema } from '../../src/graphql/schema/index.ts';

/** The schema as in schema.graphql: sorted by name, with descriptions and directives. */
export function printedSchema(): string {
  return `${printSchemaWithDirectives(lexicographicSortSchema(schema))}\n`;
}

/** The content of subgraph.graphql: the schema for composition. @param scopes whether it has `@requiresScopes`. */
export function printedSubgraph(scopes = true): string {
  return subgraphSdl(schema, { scopes });
}
