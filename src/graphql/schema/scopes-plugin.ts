import SchemaBuilder, {
  BasePlugin,
  type FieldNullability,
  type InputFieldMap,
  type PothosOutputFieldConfig,
  type PothosTypeConfig,
  type SchemaTypes,
  type TypeParam,
} from '@pothos/core';
import type { Scope } from '../../domain/shared/scopes.ts';
import { DirectiveLocation, GraphQLDirective, GraphQLList, GraphQLNonNull, GraphQLScalarType } from 'graphql';

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** Scopes that a caller needs, all of them. */
    requiresScopes?: readonly Scope[];
    /** Names the types of the objects that the arguments ask for; the field requires their scopes, too. */
    typesAskedFor?: (args: Readonly<Record<string, unknown>>) => Iterable<string>;
  }

  interface GraphQLObjectTypeExtensions<_TSource, _TContext> {
    /** Scopes that a caller needs to read an object of the type by its id. */
    requiresScopes?: readonly Scope[];
  }
}

declare global {
  namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      scopes: ScopesPlugin<Types>;
    }

    interface ObjectTypeOptions<Types extends SchemaTypes, Shape> {
      /** Scopes that each field of the type requires which names none of its own. */
      requiresScopes?: readonly Scope[];
    }

    interface FieldOptions<
      Types extends SchemaTypes,
      ParentShape,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveShape,
      ResolveReturnShape,
    > {
      /** Scopes that a caller needs, all of them. An empty list: none beyond those of the way to the field. */
      requiresScopes?: readonly Scope[];
    }
  }
}

/**
 * Declares scopes, once: on a type for all its fields, or on a field. Each field then carries them in its
 * extensions, where `scopes.ts` enforces them, and as the federation directive `@requiresScopes`, which is printed.
 */
class ScopesPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onTypeConfig(type: PothosTypeConfig): PothosTypeConfig {
    if (type.kind !== 'Object' || !type.pothosOptions.requiresScopes) return type;
    return { ...type, extensions: { ...type.extensions, requiresScopes: type.pothosOptions.requiresScopes } };
  }

  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    const parent = this.buildCache.getTypeConfig(field.parentType);
    const ofType = parent.kind === 'Object' ? parent.pothosOptions.requiresScopes : undefined;
    const scopes = field.pothosOptions.requiresScopes ?? ofType ?? [];
    if (scopes.length === 0) return field;
    const directives = { requiresScopes: { scopes: [scopes] } };
    return { ...field, extensions: { ...field.extensions, requiresScopes: scopes, directives } };
  }
}

const pluginName = 'scopes' as const;

SchemaBuilder.registerPlugin(pluginName, ScopesPlugin);

export default pluginName;

const scope = new GraphQLScalarType({
  name: 'Scope',
  description: 'Name of a scope, such as `users:read`.',
});

/** Federation's directive, under the name that its specification gives it. */
export const requiresScopesDirective = new GraphQLDirective({
  name: 'requiresScopes',
  description: 'Scopes that a caller needs: all of one of the lists.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: {
    scopes: {
      description: 'Lists of scopes.',
      type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(scope))))),
    },
  },
});
