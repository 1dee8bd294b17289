import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { lexicographicSortSchema } from 'graphql';
import { subgraphSdl } from '../../src/federation/sdl.ts';
import { schema } from '../../src/graphql/schema.ts';

/** The schema as schema.graphql holds it: sorted by name, with descriptions and directives. */
export function printedSchema(): string {
  return `${printSchemaWithDirectives(lexicographicSortSchema(schema))}\n`;
}

/** What subgraph.graphql holds: the schema as a composer takes it. */
export function printedSubgraph(): string {
  return subgraphSdl(schema);
}
