import SchemaBuilder, {
  BasePlugin,
  type FieldNullability,
  type FieldRequiredness,
  type InputFieldMap,
  type InputType,
  type PothosEnumValueConfig,
  type PothosInputFieldConfig,
  type PothosOutputFieldConfig,
  type PothosTypeConfig,
  type SchemaTypes,
  type TypeParam,
} from '@pothos/core';
import { DirectiveLocation, GraphQLDirective, GraphQLList, GraphQLNonNull, GraphQLScalarType } from 'graphql';
import type { Scope } from '../../domain/shared/scopes.ts';

declare module 'graphql' {
  interface GraphQLFieldExtensions<_TSource, _TContext, _TArgs> {
    /** The scopes that the field requires, all of them. */
    requiresScopes?: readonly Scope[];
    /** Returns the types of the objects that the arguments name; the field requires the scopes of these, too. */
    typesInArguments?: (args: Readonly<Record<string, unknown>>) => Iterable<string>;
  }

  interface GraphQLInputFieldExtensions {
    /** The scopes that a request which sets the field requires, all of them. */
    requiresScopes?: readonly Scope[];
  }

  interface GraphQLEnumValueExtensions {
    /** The scopes that a request which passes the value requires, all of them. */
    requiresScopes?: readonly Scope[];
  }

  interface GraphQLObjectTypeExtensions<_TSource, _TContext> {
    /** The scopes that reading an object of the type by its id requires. */
    requiresScopes?: readonly Scope[];
  }
}

declare global {
  namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      scopes: ScopesPlugin<Types>;
    }

    interface ObjectTypeOptions<Types extends SchemaTypes, Shape> {
      /** The scopes of every field of the type that does not declare its own. */
      requiresScopes?: readonly Scope[];
    }

    interface InputFieldOptions<
      Types extends SchemaTypes,
      Type extends InputType<Types> | [InputType<Types>],
      Req extends FieldRequiredness<Type>,
    > {
      /** The scopes that a request which sets the field requires, all of them: a filter reveals what it compares. */
      requiresScopes?: readonly Scope[];
    }

    interface EnumValueConfig<Types extends SchemaTypes> {
      /** The scopes that a request which passes the value requires, all of them: an order reveals what it compares. */
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
      /** The scopes that the field requires, all of them. An empty list overrides the type's: the field requires none. */
      requiresScopes?: readonly Scope[];
    }
  }
}

const listFormat = new Intl.ListFormat('en');

/** Adds the scopes that a field requires to its description, so that tools that do not show directives show the scopes. */
export function withScopes(description: string | null | undefined, scopes: readonly Scope[]): string {
  const sentence = `Requires ${listFormat.format(scopes.map((scope) => `\`${scope}\``))}.`;
  return description ? `${description}\n${sentence}` : sentence;
}

/**
 * Declares scopes once, on a type for all its fields or on a field. Each field then has them in its extensions, from which
 * `checks/scopes.ts` enforces them, as the federation directive `@requiresScopes`, which the schema prints, and in its
 * description.
 */
class ScopesPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onTypeConfig(type: PothosTypeConfig): PothosTypeConfig {
    if (type.kind !== 'Object' || !type.pothosOptions.requiresScopes) return type;
    return { ...type, extensions: { ...type.extensions, requiresScopes: type.pothosOptions.requiresScopes } };
  }

  override onInputFieldConfig(field: PothosInputFieldConfig<Types>): PothosInputFieldConfig<Types> {
    const scopes = field.pothosOptions.requiresScopes ?? [];
    if (scopes.length === 0) return field;
    return {
      ...field,
      description: withScopes(field.description, scopes),
      extensions: { ...field.extensions, requiresScopes: scopes },
    };
  }

  override onEnumValueConfig(value: PothosEnumValueConfig<Types>): PothosEnumValueConfig<Types> {
    const scopes = value.pothosOptions.requiresScopes ?? [];
    if (scopes.length === 0) return value;
    return {
      ...value,
      description: withScopes(value.description, scopes),
      extensions: { ...value.extensions, requiresScopes: scopes },
    };
  }

  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    const parent = this.buildCache.getTypeConfig(field.parentType);
    const ofType = parent.kind === 'Object' ? parent.pothosOptions.requiresScopes : undefined;
    const scopes = field.pothosOptions.requiresScopes ?? ofType ?? [];
    if (scopes.length === 0) return field;
    const directives = { requiresScopes: { scopes: [scopes] } };
    return {
      ...field,
      description: withScopes(field.description, scopes),
      extensions: { ...field.extensions, requiresScopes: scopes, directives },
    };
  }
}

const pluginName = 'scopes' as const;

SchemaBuilder.registerPlugin(pluginName, ScopesPlugin);

export default pluginName;

const scope = new GraphQLScalarType({
  name: 'Scope',
  description: 'The name of a scope, such as `users:read`.',
});

/** The directive of the Apollo Federation specification. */
export const requiresScopesDirective = new GraphQLDirective({
  name: 'requiresScopes',
  description: 'The scopes that a field requires (Apollo Federation): all scopes of at least one of the lists.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: {
    scopes: {
      description: 'Alternative lists of scopes.',
      type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(scope))))),
    },
  },
});
