import type { GraphQLResolveInfo } from 'graphql';
import type { Context } from '../context.ts';
import type { GlobalId, NodeType } from './global-id.ts';
import { selectedFields } from '../loaders/selected-fields.ts';

/** Tells which type an object is of that was read for requests: to all of them, and always the same. Null for none. */
export function asNode(type: NodeType, row: object | undefined): object | null {
  return row ? Object.assign(row, { __typename: type }) : null;
}

/** Reads the object behind a global id, with its type's name; null where the workspace has none. */
export async function loadNode(
  { type, id }: GlobalId,
  { loaders }: Context,
  info: GraphQLResolveInfo,
): Promise<object | null> {
  if (type === 'User') return asNode(type, await loaders.user({ id }, selectedFields(info)));
  const loader = { List: loaders.lists, Segment: loaders.segments, Event: loaders.events }[type];
  return asNode(type, await loader.load(id));
}
