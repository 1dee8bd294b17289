import graphql from '@graphql-eslint/eslint-plugin';

const languageOptions = {
  parser: graphql.parser,
  parserOptions: { graphQLConfig: { schema: './schema.graphql', documents: './examples/operations/*.graphql' } },
};
const plugins = { '@graphql-eslint': graphql };

// ESLint looks at GraphQL alone; Biome looks at everything else.
export default [
  {
    files: ['schema.graphql'],
    languageOptions,
    plugins,
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      // Connections have `nodes` beside `edges`, and devices and memberships are plain lists.
      // A change is no Node: nothing refers to it, and the log is read by position.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
      // Only what implements Node has an id.
      '@graphql-eslint/strict-id-in-types': 'off',
      '@graphql-eslint/require-description': [
        'error',
        { types: true, FieldDefinition: true, InputValueDefinition: true },
      ],
    },
  },
  {
    files: ['examples/operations/*.graphql'],
    languageOptions,
    plugins,
    rules: {
      ...graphql.configs['flat/operations-recommended'].rules,
      // Examples are short; a client with a cache would ask for ids.
      '@graphql-eslint/require-selections': 'off',
    },
  },
];
