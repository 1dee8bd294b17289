import type { CodegenConfig } from '@graphql-codegen/cli';

/**
 * Typed documents for the tests, from the committed schema: `npm run generate`. A frontend can take this file
 * as it is, with `documents` and the folder changed.
 */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: ['test/**/*.ts', '!test/generated/**'],
  generates: {
    'test/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        importExtension: '.ts',
        emitLegacyCommonJSImports: false,
        strictScalars: true,
        scalars: {
          DateTime: 'string',
          Attributes: 'Record<string, string | number | boolean>',
          AttributeValue: 'string | number | boolean',
          Scope: 'string',
        },
      },
    },
  },
};

export default config;
