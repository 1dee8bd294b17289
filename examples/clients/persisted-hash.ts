// The hashes of documents that the gateway has read from generated/persisted-documents.json (PERSISTED_OPERATIONS).
import type { DocumentNode } from 'graphql';

/** Returns the hash that codegen has added to a document. Its type does not contain the property. */
export const persistedHash = (document: DocumentNode): string =>
  (document as DocumentNode & { __meta__: { hash: string } }).__meta__.hash;
