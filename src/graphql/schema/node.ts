import type { GraphQLResolveInfo } from 'graphql';
import type { Context } from '../context.ts';
import { readingOf } from '../loaders/related-reads.ts';
import { builder } from './builder.ts';
import { decodeGlobalId, type GlobalId, type NodeType } from './global-id.ts';
import '../checks/limits.ts';

const EXAMPLES = '`users:read` for a `User`, `lists:read` for a `List`, and so on';

/** Adds the type's name to a row, for the type resolution of interfaces and unions; null for no row. */
export function asNode(type: NodeType, row: object | undefined): object | null {
  return row ? { ...row, __typename: type } : null;
}

/** Loads the object with a global id, with its type's name; null if the workspace has none. */
export async function loadNode(
  { type, id }: GlobalId,
  context: Context,
  info: GraphQLResolveInfo,
): Promise<object | null> {
  const { loaders } = context;
  if (type === 'User') return asNode(type, await loaders.user({ id }, readingOf(info, context, type)));
  const loader = { List: loaders.lists, Segment: loaders.segments, Event: loaders.events }[type];
  return asNode(type, await loader.load(id));
}

/** Loads the object with a global id; null for a text that is not a global id, as for an object that does not exist. */
function loadNodeOfText(text: string, context: Context, info: GraphQLResolveInfo): Promise<object | null> | null {
  const id = decodeGlobalId(text);
  return id ? loadNode(id, context, info) : null;
}

/** The types of the values that are global ids. */
function typesOf(ids: readonly unknown[]): string[] {
  return ids.flatMap((id) => (typeof id === 'string' && decodeGlobalId(id)?.type) || []);
}

builder.queryField('node', (t) =>
  t.field({
    type: builder.nodeInterfaceRef(),
    nullable: true,
    description: `Returns the object with the given global id. Null if the workspace has no such object, or if the id is not a
global id. Requires the scope to read the object's type: ${EXAMPLES}.`,
    args: { id: t.arg.id({ required: true, description: 'The global id of the object.' }) },
    extensions: { typesInArguments: ({ id }) => typesOf([id]) },
    resolve: (_root, { id }, context, info) => loadNodeOfText(id, context, info),
  }),
);

builder.queryField('nodes', (t) =>
  t.field({
    type: [builder.nodeInterfaceRef()],
    nullable: { list: false, items: true },
    description: `Returns the objects with the given global ids, in the order of the ids. An item is null if the workspace has no such
object, or if the id is not a global id. Requires the scope to read the type of each object:
${EXAMPLES}.`,
    args: {
      ids: t.arg.idList({
        required: true,
        description: 'The global ids of the objects; by default at most 100.',
      }),
    },
    extensions: {
      reads: { argument: 'ids', limit: 'nodes' },
      typesInArguments: ({ ids }) => typesOf(Array.isArray(ids) ? ids : []),
    },
    resolve: (_root, { ids }, context, info) => ids.map((id) => loadNodeOfText(id, context, info)),
  }),
);
