import {
  type ExecutionArgs,
  type FieldNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getArgumentValues,
  isObjectType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { Scope } from '../../domain/shared/scopes.ts';
import { cachePerOperation, separateOperation } from './operation-cache.ts';
import type { Variables } from './variables.ts';

type Field = GraphQLField<unknown, unknown>;

/** A field of an operation and the scopes that it requires. */
interface Requirement {
  /** The field's schema coordinate, such as `User.email`. */
  coordinate: string;
  scopes: readonly Scope[];
  node: FieldNode;
}

/** A field whose arguments determine the types of the objects that it returns, and so the scopes that it requires. */
interface PolymorphicField {
  field: Field;
  node: FieldNode;
}

interface Requirements {
  /** The same for every request with the operation. */
  fixed: Requirement[];
  /** Fields whose requirements depend on arguments, which can contain variables. */
  byArguments: PolymorphicField[];
}

const INTROSPECTION: readonly Scope[] = ['schema:read'];

/** The scopes that a field or type declares. */
export function scopesOf({ extensions }: Pick<Field | GraphQLObjectType, 'extensions'>): readonly Scope[] {
  return extensions.requiresScopes ?? [];
}

/**
 * Rejects the whole operation if the viewer lacks a scope of any of its fields, including fields that `@skip` or `@include`
 * exclude. One error names all fields and scopes: gateways mask responses with several errors.
 *
 * @param variables coerced; undefined if coercion failed. Then only scopes that do not depend on arguments are checked.
 */
export function checkScopes(
  args: ExecutionArgs,
  variables: Variables | undefined,
  grantedScopes: ReadonlySet<Scope>,
): GraphQLError | undefined {
  const { fixed, byArguments } = requirementsOf(args);
  const ofTypes = variables ? byArguments.flatMap((field) => requirementsOfTypes(args.schema, variables, field)) : [];
  const requirements = ofTypes.length === 0 ? fixed : [...fixed, ...ofTypes];
  const unmet = requirements.flatMap((requirement) => {
    const scopes = requirement.scopes.filter((scope) => !grantedScopes.has(scope));
    return scopes.length > 0 ? { ...requirement, scopes } : [];
  });
  return unmet.length > 0 ? forbidden(unmet) : undefined;
}

const listFormat = new Intl.ListFormat('en');

/** The error for unmet requirements: names each field with the scopes that are missing. */
function forbidden(unmet: Requirement[]): GraphQLError {
  const byScopes = Map.groupBy(
    unmet,
    ({ scopes }) => `scope${scopes.length > 1 ? 's' : ''} ${listFormat.format(scopes)}`,
  );
  const sentences = [...byScopes].map(([scopes, requirements]) => {
    const fields = new Set(requirements.map(({ coordinate }) => coordinate));
    return `${listFormat.format(fields)} require${fields.size > 1 ? '' : 's'} the ${scopes}`;
  });
  return new GraphQLError(`${sentences.join('; ')}.`, {
    nodes: [...new Map(unmet.map(({ coordinate, node }) => [coordinate, node])).values()],
    extensions: {
      code: 'FORBIDDEN',
      requiredScopes: [...new Set(unmet.flatMap(({ scopes }) => scopes))],
      http: { status: 403 },
    },
  });
}

const requirementsOf = cachePerOperation(collect);

function collect(args: ExecutionArgs): Requirements {
  const operation = separateOperation(args);
  const fixed: Requirement[] = [];
  const byArguments: PolymorphicField[] = [];
  const types = new TypeInfo(args.schema);
  const onField = (node: FieldNode) => {
    const field = types.getFieldDef();
    const parent = types.getParentType();
    if (!field || !parent) return;
    const isIntrospection = field.name === '__schema' || field.name === '__type';
    const scopes = isIntrospection ? INTROSPECTION : scopesOf(field);
    if (scopes.length > 0) fixed.push({ coordinate: `${parent.name}.${field.name}`, scopes, node });
    if (field.extensions.typesInArguments) byArguments.push({ field, node });
  };
  if (operation) visit(operation, visitWithTypeInfo(types, { Field: onField }));
  return { fixed, byArguments };
}

/** The scopes of the types that a field's arguments name. The resolver rejects names that are not types. */
function requirementsOfTypes(
  schema: GraphQLSchema,
  variables: Variables,
  polymorphic: PolymorphicField,
): Requirement[] {
  return [...typeNames(variables, polymorphic)].flatMap((name) => {
    const type = schema.getType(name);
    return isObjectType(type)
      ? {
          coordinate: `Query.${polymorphic.field.name} of a ${type.name}`,
          scopes: scopesOf(type),
          node: polymorphic.node,
        }
      : [];
  });
}

/** The names of the types that a field's arguments name; none if the arguments are invalid, which the executor reports. */
function typeNames(variables: Variables, { field, node }: PolymorphicField): Set<string> {
  try {
    return new Set(field.extensions.typesInArguments?.(getArgumentValues(field, node, variables)));
  } catch {
    return new Set();
  }
}
