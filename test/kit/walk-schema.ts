import { type GraphQLField, type GraphQLObjectType, isObjectType } from 'graphql';
import type { Scope } from '../../src/domain/shared/scopes.ts';
import { servedSchema } from '../../src/federation/subgraph.ts';

/** A field of the schema and its declarations. */
export interface SchemaField {
  type: GraphQLObjectType;
  field: GraphQLField<unknown, unknown>;
  /** `Type.field`. */
  coordinate: string;
  scopes: readonly Scope[];
}

/** Every field of every object type, except introspection fields. */
export const schemaFields: SchemaField[] = Object.values(servedSchema.getTypeMap())
  .filter((type) => isObjectType(type))
  .filter((type) => !type.name.startsWith('__'))
  .flatMap((type) =>
    Object.values(type.getFields()).map((field) => ({
      type,
      field,
      coordinate: `${type.name}.${field.name}`,
      scopes: field.extensions.requiresScopes ?? [],
    })),
  );

/** The fields of `Query` and `Mutation`. */
export const rootFields = schemaFields.filter(({ type }) => type.name === 'Query' || type.name === 'Mutation');
