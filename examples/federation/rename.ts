import { readFileSync } from 'node:fs';
import {
  composeSubgraphs,
  createRenameFieldTransform,
  createRenameTypeTransform,
  type SubgraphConfig,
} from '@graphql-mesh/fusion-composition';
import { buildASTSchema, parse } from 'graphql';

/** New names of elements of usergraph. */
export interface Names {
  types: Readonly<Record<string, string>>;
  /** Fields of `Query` and `Mutation`. */
  rootFields: Readonly<Record<string, string>>;
}

/** Reads the SDL of a subgraph for the composer, which knows the directives of the federation specification. */
export const readSubgraph = (sdl: string) => buildASTSchema(parse(sdl), { assumeValid: true, assumeValidSDL: true });

/**
 * Composes a supergraph in which elements of usergraph have other names. The Hive gateway translates operations and results; it
 * finds the original names in the supergraph.
 * @param url the address of usergraph.
 * @throws {Error} with all composition errors.
 */
export function composeWithNames(url: string, { types, rootFields }: Names, others: SubgraphConfig[]): string {
  const sdl = readFileSync(new URL('../../subgraph.graphql', import.meta.url), 'utf8');
  const isRoot = (typeName: string) => typeName === 'Query' || typeName === 'Mutation';
  const transforms = [
    createRenameTypeTransform(({ typeName }) => types[typeName] ?? typeName),
    createRenameFieldTransform(({ typeName, fieldName }) =>
      isRoot(typeName) ? (rootFields[fieldName] ?? fieldName) : fieldName,
    ),
  ];
  const result = composeSubgraphs([{ name: 'usergraph', schema: readSubgraph(sdl), url, transforms }, ...others]);
  if (!('supergraphSdl' in result) || result.supergraphSdl === undefined) {
    throw new Error(result.errors?.map(({ message }) => message).join('\n'));
  }
  return result.supergraphSdl;
}
