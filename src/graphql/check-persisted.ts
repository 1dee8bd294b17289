import { type DocumentNode, GraphQLError } from 'graphql';
import { DOCUMENT_MAXIMUM, documentTooLong } from './limits.ts';
import { type PersistedOperations, PersistedOperationsError } from './persisted-operations.ts';
import type { GraphQLServer } from './server.ts';

/**
 * Parses and validates every document as a request's would be, so that none is refused later for what it is.
 * @throws {PersistedOperationsError} with every fault of every document.
 */
export function checkPersistedOperations(server: GraphQLServer, { documents }: PersistedOperations): void {
  const faults = [...documents].flatMap(([id, document]) =>
    faultsOf(server, document).map(({ message }) => `  ${id}: ${message}`),
  );
  if (faults.length === 0) return;
  throw new PersistedOperationsError(`The persisted operations do not fit the schema:\n${faults.join('\n')}`);
}

function faultsOf(server: GraphQLServer, text: string): readonly GraphQLError[] {
  if (text.length > DOCUMENT_MAXIMUM) return [documentTooLong()];
  const { parse, validate, schema } = server.getEnveloped({});
  try {
    const document: DocumentNode = parse(text);
    return validate(schema, document);
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    throw error;
  }
}
