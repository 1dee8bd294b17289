import { type GraphQLFieldConfig, GraphQLList, GraphQLNonNull, type GraphQLObjectType, type GraphQLResolveInfo, GraphQLScalarType, GraphQLUnionType } from 'graphql';
import { ValidationError } from '../domain/shared/errors.ts';
import type { UserKey } from '../domain/users/read.ts';
import type { Context } from '../graphql/context.ts';
import { type NodeType, decodeGlobalId, type GlobalId } from '../graphql/schema/global-id.ts';
import { asNode, loadNode } from '../graphql/schema/load-node.ts';
import { selectedFields } from '../graphql/loaders/selected-fields.ts';
import { isJsonObject } from '../domain/shared/attributes.ts';
import { uid as uidSchema } from '../domain/users/inputs.ts';
import { validationIssues } from '../domain/shared/validation.ts';

const Any = new GraphQLScalarType({
  name: '_Any',
  description: 'A representation of an entity: its `__typename`, and one of its keys (Apollo Federation).',
});

/** Reads what a representation names; null where the workspace has none. @throws {ValidationError} where it is malformed. */
async function load(given: unknown, place: number, context: Context, info: GraphQLResolveInfo): Promise<object | null> {
  const representation = parseRepresentation(given, place);
  if ('id' in representation) return loadNode(representation, context, info);
  return asNode('User', await context.loaders.user({ uid: representation.uid }, selectedFields(info)));
}

/** Reads users as the list that they are named in, which costs less than each by itself. */
async function loadUsers(
  keys: readonly UserKey[],
  { loaders }: Context,
  info: GraphQLResolveInfo,
): Promise<(object | null)[]> {
  const users = await loaders.users(keys, selectedFields(info));
  return users.map((user) => (user instanceof Error ? user : asNode('User', user)));
}

/** The keys of the users that some representations name; nothing where one names anything else, or is malformed. */
function usersNamedBy(representations: readonly unknown[]): UserKey[] | undefined {
  if (!representations.every((given) => typeOf(given) === 'User')) return undefined;
  try {
    return representations.map(parseRepresentation);
  } catch (error) {
    if (error instanceof ValidationError) return undefined;
    throw error;
  }
}

/** The types of some representations, as far as they name one. */
function typesOf(representations: unknown): NodeType[] {
  if (!Array.isArray(representations)) return [];
  return representations.flatMap((given) => typeOf(given) ?? []);
}

interface EntitiesArguments {
  representations: readonly unknown[];
}

/**
 * `Query._entities`, by which a router reads what other subgraphs refer to. All are loaded in one tick, so that
 * they cost one statement for each type and each hundred.
 */
export function entitiesField(types: readonly GraphQLObjectType[]): GraphQLFieldConfig<unknown, Context> {
  const description = `An entity that other subgraphs refer to by its key (Apollo Federation).`;
  const Entity = new GraphQLUnionType({ name: '_Entity', description, types });
  return {
    type: new GraphQLNonNull(new GraphQLList(Entity)),
    description: `For routers: the entities that some representations name, each at its representation’s place; null where
the workspace has none, an error where the representation is malformed. Requires \`users:read\`, and the scope to read
each representation’s type.`,
    args: {
      representations: {
        type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(Any))),
        description: 'At most 500, unless the gateway is set otherwise.',
      },
    },
    extensions: {
      requiresScopes: ['users:read'],
      reads: { argument: 'representations', limit: 'entities' },
      // The field requires the scope of users itself.
      typesAskedFor: ({ representations }) => typesOf(representations).filter((type) => type !== 'User'),
    },
    resolve: (_root, { representations }: EntitiesArguments, context, info) => {
      const users = usersNamedBy(representations);
      return users
        ? loadUsers(users, context, info)
        : representations.map((given, place) => load(given, place, context, info));
    },
  };
}

/** The entities, and the fields by which a representation may name one: each is an `@key`. */
export const keysOf: Readonly<Record<NodeType, readonly ('id' | 'uid')[]>> = {
  User: ['id', 'uid'],
  List: ['id'],
  Segment: ['id'],
  Event: ['id'],
};

/** What a router asks for: an entity by its global id, or a user by uid. */
export type Representation = GlobalId | { type: 'User'; uid: string };

/** The name of the type of a representation; nothing where it names no entity. */
export function typeOf(representation: unknown): NodeType | undefined {
  const name = isJsonObject(representation) ? representation.__typename : undefined;
  return typeof name === 'string' && isEntity(name) ? name : undefined;
}

function isEntity(name: string): name is NodeType {
  return Object.hasOwn(keysOf, name);
}

/**
 * Reads a representation. `id` goes before `uid`; fields beside the key are ignored.
 * @param place of it among the `representations`, for the error.
 * @throws {ValidationError} where it names no entity, or by no key, or by a malformed one.
 */
export function parseRepresentation(representation: unknown, place: number): Representation {
  const fault = (code: string, message: string, ...path: string[]) =>
    new ValidationError([{ path: ['representations', String(place), ...path], code, message }]);
  const type = typeOf(representation);
  if (!type || !isJsonObject(representation)) {
    throw fault('UNKNOWN_TYPE', `must have one of ${Object.keys(keysOf).join(', ')} as its __typename`);
  }
  const { id, uid } = representation;
  if (id != null) {
    const decoded = typeof id === 'string' ? decodeGlobalId(id) : undefined;
    if (decoded?.type !== type) throw fault('INVALID_ID', `must be the id of a ${type}`, 'id');
    return decoded;
  }
  if (uid == null || type !== 'User') throw fault('REQUIRED', `must have ${keysOf[type].join(' or ')}`);
  const parsed = uidSchema.safeParse(uid);
  if (parsed.success) return { type, uid: parsed.data };
  const [issue] = validationIssues(parsed.error.issues);
  throw fault(issue?.code ?? 'INVALID_UID', issue?.message ?? 'is not a uid', 'uid');
}
