import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { lexicographicSortSchema } from 'graphql';
import { subgraphSdl } from '../../src/federation/subgraph.ts';
import { schema } from '../../src/graphql/schema/index.ts';

/** The schema as schema.graphql holds it: sorted by name, with descriptions and directives. */
export function printedSchema(): string {
  return `${printSchemaWithDirectives(lexicographicSortSchema(schema))}\n`;
}

/** What subgraph.graphql holds: the schema as a composer takes it. */
export function printedSubgraph(): string {
  return subgraphSdl(schema);
}
