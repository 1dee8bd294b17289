import { ValidationError } from '../../domain/shared/errors.ts';
import { builder } from './builder.ts';
import { decodeGlobalId, type GlobalId } from './global-id.ts';
import '../checks/limits.ts';
import { loadNode } from './load-node.ts';

const byTypes = 'Requires the scope to read each id’s type: `users:read` for a user, and so on.';

/** @throws {ValidationError} for anything but a global id. */
function parse(id: string, ...path: string[]): GlobalId {
  const parsed = decodeGlobalId(id);
  if (!parsed) throw new ValidationError([{ path, code: 'INVALID_ID', message: 'is not a global id' }]);
  return parsed;
}

/** The types of some ids, as far as they are ids. */
function typesOf(ids: readonly unknown[]): string[] {
  return ids.flatMap((id) => (typeof id === 'string' && decodeGlobalId(id)?.type) || []);
}

builder.queryField('node', (t) =>
  t.field({
    type: builder.nodeInterfaceRef(),
    nullable: true,
    description: `The object with a global id. Null where the workspace has none. ${byTypes}`,
    args: { id: t.arg.id({ required: true, description: 'A global id.' }) },
    extensions: { typesAskedFor: ({ id }) => typesOf([id]) },
    resolve: (_root, { id }, context, info) => loadNode(parse(id, 'id'), context, info),
  }),
);

builder.queryField('nodes', (t) =>
  t.field({
    type: [builder.nodeInterfaceRef()],
    nullable: { list: false, items: true },
    description: `The objects with some global ids, each at its id’s place; null where the workspace has none. ${byTypes}`,
    args: {
      ids: t.arg.idList({
        required: true,
        description: 'Global ids; at most 100, unless the gateway is set otherwise.',
      }),
    },
    extensions: {
      reads: { argument: 'ids', limit: 'nodes' },
      typesAskedFor: ({ ids }) => typesOf(Array.isArray(ids) ? ids : []),
    },
    resolve: (_root, { ids }, context, info) =>
      ids.map(async (id, place) => loadNode(parse(id, 'ids', String(place)), context, info)),
  }),
);
