import type { Context } from './context.ts';
import type { GlobalId } from './global-id.ts';

/** Reads the object behind a global id, with its type's name; null where the workspace has none. */
export async function loadNode({ type, id }: GlobalId, { loaders }: Context): Promise<object | null> {
  const loader = { User: loaders.users, List: loaders.lists, Segment: loaders.segments, Event: loaders.events }[type];
  const row = await loader.load(id);
  return row ? { __typename: type, ...row } : null;
}
