import type { CodegenConfig } from '@graphql-codegen/cli';
import { addTypenameSelectionDocumentTransform } from '@graphql-codegen/client-preset';

const scalars = {
  DateTime: 'string',
  Duration: 'string',
  Attributes: 'Record<string, string | number | boolean>',
  AttributeValue: 'string | number | boolean',
  UserExport: 'Record<string, unknown>',
  UserFilterJSON: 'Record<string, unknown>',
  Scope: 'string',
};

const typedDocuments = {
  useTypeImports: true,
  enumsAsTypes: true,
  importExtension: '.ts',
  emitLegacyCommonJSImports: false,
  strictScalars: true,
  scalars,
} as const;

/**
 * Typed documents from the committed schema, for the tests and for the clients in examples/clients: `npm run generate`.
 * A frontend can take the outputs in examples/clients as they are, with `documents` and the folder changed.
 */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  generates: {
    'test/generated/': {
      documents: ['test/**/*.ts', '!test/generated/**'],
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: typedDocuments,
    },
    // Typed documents, and persisted-documents.json for PERSISTED_OPERATIONS.
    'examples/clients/generated/': {
      documents: 'examples/clients/documents.ts',
      preset: 'client',
      presetConfig: { fragmentMasking: false, persistedDocuments: true },
      // Clients with a normalized cache add `__typename`: the persisted documents need it too.
      documentTransforms: [addTypenameSelectionDocumentTransform],
      config: typedDocuments,
    },
    // The members of interfaces and unions, for Apollo Client.
    'examples/clients/generated/possible-types.ts': {
      plugins: ['fragment-matcher'],
      config: { useExplicitTyping: true, emitLegacyCommonJSImports: false },
    },
    // The schema without descriptions and scalars, for graphcache.
    'examples/clients/generated/introspection.ts': {
      plugins: ['urql-introspection'],
      config: { useTypeImports: true },
    },
  },
};

export default config;
