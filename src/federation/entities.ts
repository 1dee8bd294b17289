import {
  type GraphQLFieldConfig,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLScalarType,
  GraphQLUnionType,
} from 'graphql';
import { isJsonObject } from '../domain/shared/attributes.ts';
import { ValidationError } from '../domain/shared/errors.ts';
import { validationIssues } from '../domain/shared/validation.ts';
import { uid as uidSchema } from '../domain/users/inputs.ts';
import type { UserKey } from '../domain/users/read.ts';
import type { Context } from '../graphql/context.ts';
import { selectionOf } from '../graphql/loaders/selected-fields.ts';
import { decodeGlobalId, type GlobalId, type NodeType } from '../graphql/schema/global-id.ts';
import { asNode, loadNode } from '../graphql/schema/node.ts';

/** The entities of the subgraph, and the fields of their keys: each field is an `@key`. */
export const keysOf: Readonly<Record<NodeType, readonly ('id' | 'uid')[]>> = {
  User: ['id', 'uid'],
  List: ['id'],
  Segment: ['id'],
  Event: ['id'],
};

/** The key of a representation: an entity's global id, or a user's uid. */
export type Representation = GlobalId | { type: 'User'; uid: string };

/** Returns the type of a representation; undefined if it does not name an entity. */
export function typeOf(representation: unknown): NodeType | undefined {
  const name = isJsonObject(representation) ? representation.__typename : undefined;
  return typeof name === 'string' && isEntity(name) ? name : undefined;
}

function isEntity(name: string): name is NodeType {
  return Object.hasOwn(keysOf, name);
}

/**
 * Parses a representation. If it has both keys, `id` takes precedence over `uid`; other fields are ignored.
 * @param index the position among the `representations`, for the path of an error.
 * @throws {ValidationError} if the type is not an entity, or the key is missing or malformed.
 */
export function parseRepresentation(representation: unknown, index: number): Representation {
  const invalid = (code: string, message: string, ...path: string[]) =>
    new ValidationError([{ path: ['representations', String(index), ...path], code, message }]);
  const type = typeOf(representation);
  if (!type || !isJsonObject(representation)) {
    throw invalid('UNKNOWN_TYPE', `must have a __typename that is one of ${Object.keys(keysOf).join(', ')}`);
  }
  const { id, uid } = representation;
  if (id != null) {
    const globalId = typeof id === 'string' ? decodeGlobalId(id) : undefined;
    if (globalId?.type !== type) throw invalid('INVALID_ID', `must be the global id of a ${type}`, 'id');
    return globalId;
  }
  if (uid == null || type !== 'User') throw invalid('REQUIRED', `must have ${keysOf[type].join(' or ')}`);
  const parsed = uidSchema.safeParse(uid);
  if (parsed.success) return { type, uid: parsed.data };
  const [issue] = validationIssues(parsed.error.issues);
  throw invalid(issue?.code ?? 'INVALID_UID', issue?.message ?? 'is not a uid', 'uid');
}

/** Loads the entity that a representation refers to; null if the workspace has none. @throws {ValidationError} if it is malformed. */
async function loadEntity(
  value: unknown,
  index: number,
  context: Context,
  info: GraphQLResolveInfo,
): Promise<object | null> {
  const representation = parseRepresentation(value, index);
  if ('id' in representation) return loadNode(representation, context, info);
  const { columns } = selectionOf(info, 'User');
  return asNode('User', await context.loaders.user({ uid: representation.uid }, columns));
}

/** Loads users as one list, which costs less than loading each of them. */
async function loadUsers(
  keys: readonly UserKey[],
  { loaders }: Context,
  info: GraphQLResolveInfo,
): Promise<(object | null)[]> {
  const users = await loaders.users(keys, selectionOf(info, 'User').columns);
  return users.map((user) => (user instanceof Error ? user : asNode('User', user)));
}

/** Returns the keys of representations that are all users; undefined if one is another type or malformed. */
function userKeysOf(representations: readonly unknown[]): UserKey[] | undefined {
  if (!representations.every((value) => typeOf(value) === 'User')) return undefined;
  try {
    return representations.map(parseRepresentation);
  } catch (error) {
    if (error instanceof ValidationError) return undefined;
    throw error;
  }
}

/** Returns the types of the representations that name an entity. */
function typesOf(representations: unknown): NodeType[] {
  if (!Array.isArray(representations)) return [];
  return representations.flatMap((value) => typeOf(value) ?? []);
}

const Any = new GraphQLScalarType({
  name: '_Any',
  description: 'A representation of an entity: its `__typename` and the fields of one of its keys (Apollo Federation).',
});

interface EntitiesArguments {
  representations: readonly unknown[];
}

/**
 * Creates `Query._entities`, from which a router reads the entities that other subgraphs refer to. All entities are loaded in
 * the same tick, with one statement per type and `MAX_BATCH_SIZE` entities.
 */
export function entitiesField(types: readonly GraphQLObjectType[]): GraphQLFieldConfig<unknown, Context> {
  const description = 'An entity that other subgraphs can refer to by a key (Apollo Federation).';
  const Entity = new GraphQLUnionType({ name: '_Entity', description, types });
  return {
    type: new GraphQLNonNull(new GraphQLList(Entity)),
    description: `For routers. Returns the entities that the representations refer to, in the same order. An item is null if the
workspace has no such entity, and an error if the representation is malformed. Requires \`users:read\`, and the scope to read
the type of each representation.`,
    args: {
      representations: {
        type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(Any))),
        description: 'The representations of the entities; by default at most 500.',
      },
    },
    extensions: {
      requiresScopes: ['users:read'],
      reads: { argument: 'representations', limit: 'entities' },
      // The field itself requires the scope to read users.
      typesInArguments: ({ representations }) => typesOf(representations).filter((type) => type !== 'User'),
    },
    resolve: (_root, { representations }: EntitiesArguments, context, info) => {
      const userKeys = userKeysOf(representations);
      return userKeys
        ? loadUsers(userKeys, context, info)
        : representations.map((value, index) => loadEntity(value, index, context, info));
    },
  };
}
