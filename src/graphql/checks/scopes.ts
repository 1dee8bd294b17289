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
import { cachePerOperation, operationAlone } from './operation-cache.ts';
import type { Variables } from './variables.ts';

type Field = GraphQLField<unknown, unknown>;

/** A field of an operation, and what it requires. */
interface Requirement {
  /** Such as `User.email`. */
  coordinate: string;
  scopes: readonly Scope[];
  node: FieldNode;
}

/** A field whose arguments say of which types the objects are that it gives. */
interface TypesField {
  field: Field;
  node: FieldNode;
}

interface Requirements {
  known: Requirement[];
  byArguments: TypesField[];
}

const INTROSPECTION: readonly Scope[] = ['schema:read'];

/** The scopes that a field or type declares. */
export function scopesOf({ extensions }: Pick<Field | GraphQLObjectType, 'extensions'>): readonly Scope[] {
  return extensions.requiresScopes ?? [];
}

/**
 * Refuses an operation whole, before anything of it is executed, where the viewer lacks a scope of any of its
 * fields, skipped ones included. One error tells of all: gateways mask what they get several errors for.
 *
 * @param variables coerced; undefined where one is wrong. Then only the scopes that do not depend on arguments are checked.
 */
export function checkScopes(
  args: ExecutionArgs,
  variables: Variables | undefined,
  held: ReadonlySet<Scope>,
): GraphQLError | undefined {
  const { known, byArguments } = requirementsOf(args);
  const asked = variables ? byArguments.flatMap((field) => requirementsOfTypes(args.schema, variables, field)) : [];
  const all = asked.length === 0 ? known : [...known, ...asked];
  const lacking = all.flatMap(({ scopes, ...where }) => {
    const lacked = scopes.filter((scope) => !held.has(scope));
    return lacked.length > 0 ? { ...where, scopes: lacked } : [];
  });
  return lacking.length > 0 ? forbidden(lacking) : undefined;
}

const list = new Intl.ListFormat('en');

/** Names the fields, and the scopes that each lacks. */
function forbidden(lacking: Requirement[]): GraphQLError {
  const byScopes = Map.groupBy(lacking, ({ scopes }) => `scope${scopes.length > 1 ? 's' : ''} ${list.format(scopes)}`);
  const sentences = [...byScopes].map(([scopes, requirements]) => {
    const fields = new Set(requirements.map(({ coordinate }) => coordinate));
    return `${list.format(fields)} require${fields.size > 1 ? '' : 's'} the ${scopes}`;
  });
  return new GraphQLError(`${sentences.join('; ')}.`, {
    nodes: [...new Map(lacking.map(({ coordinate, node }) => [coordinate, node])).values()],
    extensions: {
      code: 'FORBIDDEN',
      requiredScopes: [...new Set(lacking.flatMap(({ scopes }) => scopes))],
      http: { status: 403 },
    },
  });
}

const requirementsOf = cachePerOperation(collect);

function collect(args: ExecutionArgs): Requirements {
  const operation = operationAlone(args);
  const known: Requirement[] = [];
  const byArguments: TypesField[] = [];
  const types = new TypeInfo(args.schema);
  const onField = (node: FieldNode) => {
    const field = types.getFieldDef();
    const parent = types.getParentType();
    if (!field || !parent) return;
    const isIntrospection = field.name === '__schema' || field.name === '__type';
    const scopes = isIntrospection ? INTROSPECTION : scopesOf(field);
    if (scopes.length > 0) known.push({ coordinate: `${parent.name}.${field.name}`, scopes, node });
    if (field.extensions.typesAskedFor) byArguments.push({ field, node });
  };
  if (operation) visit(operation, visitWithTypeInfo(types, { Field: onField }));
  return { known, byArguments };
}

/** What reading objects of some types requires: the types' scopes. Names of no type are the resolver's to refuse. */
function requirementsOfTypes(schema: GraphQLSchema, variables: Variables, asked: TypesField): Requirement[] {
  return [...typesAskedFor(variables, asked)].flatMap((name) => {
    const type = schema.getType(name);
    return isObjectType(type)
      ? { coordinate: `Query.${asked.field.name} of a ${type.name}`, scopes: scopesOf(type), node: asked.node }
      : [];
  });
}

/** The names of the types that a field is asked for; none where its arguments are wrong, which execution reports. */
function typesAskedFor(variables: Variables, { field, node }: TypesField): Set<string> {
  try {
    return new Set(field.extensions.typesAskedFor?.(getArgumentValues(field, node, variables)));
  } catch {
    return new Set();
  }
}
