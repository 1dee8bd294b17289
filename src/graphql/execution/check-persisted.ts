import { type DocumentNode, GraphQLError } from 'graphql';
import { checkLength } from '../checks/document.ts';
import { type PersistedOperations, PersistedOperationsError } from './persisted-operations.ts';
import type { GraphQLServer } from './yoga.ts';

/**
 * Parses and validates every document as a request's would be, so that none is refused later for what it is.
 * @throws {PersistedOperationsError} with every fault of every document.
 */
export function checkPersistedOperations(
  server: GraphQLServer,
  { documents }: PersistedOperations,
  documentCharacters: number,
): void {
  const faults = [...documents].flatMap(([id, document]) =>
    faultsOf(server, document, documentCharacters).map(({ message }) => `  ${id}: ${message}`),
  );
  if (faults.length === 0) return;
  throw new PersistedOperationsError(`The persisted operations do not fit the schema:\n${faults.join('\n')}`);
}

function faultsOf(server: GraphQLServer, text: string, documentCharacters: number): readonly GraphQLError[] {
  const tooLong = checkLength(text, documentCharacters);
  if (tooLong) return [tooLong];
  const { parse, validate, schema } = server.getEnveloped({});
  try {
    const document: DocumentNode = parse(text);
    return validate(schema, document);
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
}
