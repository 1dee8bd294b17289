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
import type { Scope } from '../domain/shared/scopes.ts';
import { validationIssues } from '../domain/shared/validation.ts';
import { uid as uidSchema } from '../domain/users/inputs.ts';
import type { UserKey } from '../domain/users/read.ts';
import type { Context } from '../graphql/context.ts';
import type { UserRow } from '../graphql/loaders/partial-rows.ts';
import { readingOf } from '../graphql/loaders/related-reads.ts';
import { selectionOf } from '../graphql/loaders/selected-fields.ts';
import { decodeGlobalId, type GlobalId, type NodeType } from '../graphql/schema/global-id.ts';
import { asNode, loadNode } from '../graphql/schema/node.ts';
import { withScopes } from '../graphql/schema/scopes-plugin.ts';

/** The entities of the subgraph, and the fields of their keys: each field is an `@key`. */
export const keysOf: Readonly<Record<NodeType, readonly ('id' | 'uid')[]>> = {
  User: ['id', 'uid'],
  List: ['id'],
  Segment: ['id'],
  Event: ['id'],
};

/** The key of a representation: an entity's global id, or a user's uid, or both. */
export type Representation = (GlobalId & { uid?: string }) | { type: 'User'; uid: string };

/** Returns the type of a representation; undefined if it does not name an entity. */
export function typeOf(representation: unknown): NodeType | undefined {
  const name = isJsonObject(representation) ? representation.__typename : undefined;
  return typeof name === 'string' && isEntity(name) ? name : undefined;
}

function isEntity(name: string): name is NodeType {
  return Object.hasOwn(keysOf, name);
}

/**
 * Returns the same key for representations with the same type and keys; for a malformed one, the representation itself. No valid
 * id or uid contains a line break. `JSON.stringify` of 100 representations took 3 % of the CPU time of a request.
 */
function keyOf(representation: unknown): unknown {
  const type = typeOf(representation);
  if (!type || !isJsonObject(representation)) return representation;
  const { id = null, uid = null } = representation;
  if (type !== 'User') return typeof id === 'string' ? `${type}\n${id}` : representation;
  const isText = (value: unknown) => value === null || typeof value === 'string';
  return isText(id) && isText(uid) ? `${id ?? ''}\n${uid ?? ''}` : representation;
}

const invalid = (path: readonly string[], code: string, message: string) =>
  new ValidationError([{ path: ['representations', ...path], code, message }]);

/**
 * Parses a representation. Fields that are not part of a key are ignored.
 * @param index the position among the `representations`, for the path of an error.
 * @throws {ValidationError} if the type is not an entity, or a key is missing or malformed.
 */
export function parseRepresentation(representation: unknown, index: number): Representation {
  const path = [String(index)];
  const type = typeOf(representation);
  if (!type || !isJsonObject(representation)) {
    throw invalid(path, 'UNKNOWN_TYPE', `must have a __typename that is one of ${Object.keys(keysOf).join(', ')}`);
  }
  const { id, uid } = representation;
  const parsedUid = type === 'User' && uid != null ? parseUid(uid, [...path, 'uid']) : undefined;
  if (id != null) {
    const globalId = typeof id === 'string' ? decodeGlobalId(id) : undefined;
    if (globalId?.type !== type) throw invalid([...path, 'id'], 'INVALID_ID', `must be the global id of a ${type}`);
    return parsedUid === undefined ? globalId : { ...globalId, uid: parsedUid };
  }
  if (parsedUid === undefined || type !== 'User') {
    throw invalid(path, 'REQUIRED', `must have ${keysOf[type].join(' or ')}`);
  }
  return { type, uid: parsedUid };
}

function parseUid(uid: unknown, path: readonly string[]): string {
  const parsed = uidSchema.safeParse(uid);
  if (parsed.success) return parsed.data;
  const [issue] = validationIssues(parsed.error.issues);
  throw invalid(path, issue?.code ?? 'INVALID_UID', issue?.message ?? 'is not a uid');
}

/** Loads the entity that a representation refers to; null if the workspace has none. @throws {ValidationError} if it is malformed. */
async function loadEntity(
  value: unknown,
  index: number,
  context: Context,
  info: GraphQLResolveInfo,
): Promise<object | null> {
  const representation = parseRepresentation(value, index);
  if (representation.type !== 'User') return loadNode(representation, context, info);
  const user = await context.loaders.user(userKeyOf(representation), readingOf(info, context, 'User'));
  return userEntity(user, representation, index);
}

/** Loads users as one list, which costs less than loading each of them. */
async function loadUsers(
  representations: readonly Representation[],
  { loaders }: Context,
  info: GraphQLResolveInfo,
): Promise<(object | null)[]> {
  const users = await loaders.users(representations.map(userKeyOf), selectionOf(info, 'User').columns);
  return users.map((user, index) => {
    const representation = representations[index];
    if (user instanceof Error || !representation) return user ?? null;
    try {
      return userEntity(user, representation, index);
    } catch (error) {
      if (error instanceof ValidationError) return error;
      throw error;
    }
  });
}

/** The key by which a user is read: `id`, if the representation has it. */
function userKeyOf(representation: Representation): UserKey {
  return 'id' in representation ? { id: representation.id } : { uid: representation.uid };
}

/** Checks that a user who was read by `id` has the representation's `uid`, too. @throws {ValidationError} if not. */
function userEntity(user: UserRow | undefined, { uid }: Representation, index: number): object | null {
  if (user && uid !== undefined && user.uid !== uid) {
    throw invalid([String(index), 'uid'], 'KEY_MISMATCH', 'must be the uid of the user with the id');
  }
  return asNode('User', user);
}

/** Parses representations that are all users; undefined if one is another type or malformed. */
function parseUsers(representations: readonly unknown[]): Representation[] | undefined {
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

const ENTITIES_SCOPES: readonly Scope[] = ['users:read'];

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
    description: withScopes(
      `For routers. Returns the entities that the representations refer to, in the same order. An item is null if the
workspace has no such entity, and an error if the representation is malformed, or if its \`id\` and \`uid\` are not of the
same user. Also requires the scope to read the type of each representation.`,
      ENTITIES_SCOPES,
    ),
    args: {
      representations: {
        type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(Any))),
        description: 'The representations of the entities; by default at most 500.',
      },
    },
    extensions: {
      requiresScopes: ENTITIES_SCOPES,
      reads: { argument: 'representations', limit: 'entities', keyOf },
      // The field itself requires the scope to read users.
      typesInArguments: ({ representations }) => typesOf(representations).filter((type) => type !== 'User'),
    },
    resolve: (_root, { representations }: EntitiesArguments, context, info) => {
      const users = parseUsers(representations);
      return users
        ? loadUsers(users, context, info)
        : representations.map((value, index) => loadEntity(value, index, context, info));
    },
  };
}
