import {
  type GraphQLFieldConfig,
  GraphQLList,
  GraphQLNonNull,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLScalarType,
  GraphQLUnionType,
} from 'graphql';
import { ValidationError } from '../domain/errors.ts';
import type { UserKey } from '../domain/users/read-users.ts';
import type { Context } from '../graphql/context.ts';
import type { NodeType } from '../graphql/global-id.ts';
import { asNode, loadNode } from '../graphql/load-node.ts';
import { selectedBeneath } from '../graphql/selected.ts';
import { parseRepresentation, typeOf } from './representation.ts';

const Any = new GraphQLScalarType({
  name: '_Any',
  description: 'A representation of an entity: its `__typename`, and one of its keys (Apollo Federation).',
});

/** Reads what a representation names; null where the workspace has none. @throws {ValidationError} where it is malformed. */
async function load(given: unknown, place: number, context: Context, info: GraphQLResolveInfo): Promise<object | null> {
  const representation = parseRepresentation(given, place);
  if ('id' in representation) return loadNode(representation, context, info);
  return asNode('User', await context.loaders.user({ uid: representation.uid }, selectedBeneath(info)));
}

/** Reads users as the list that they are named in, which costs less than each by itself. */
async function loadUsers(
  keys: readonly UserKey[],
  { loaders }: Context,
  info: GraphQLResolveInfo,
): Promise<(object | null)[]> {
  const users = await loaders.users(keys, selectedBeneath(info));
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
