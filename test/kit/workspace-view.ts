import type { DatabaseClient } from '../../src/db/client.ts';

/** Prisma's operations on sets of rows. */
const SET_OPERATIONS = new Set([
  ...['findFirst', 'findFirstOrThrow', 'findMany', 'count', 'aggregate', 'groupBy'],
  ...['updateMany', 'deleteMany'],
]);

/**
 * Returns a view of a shared database in which Prisma's models find, count, change and delete the rows of the given
 * workspaces only. Raw SQL and the domain's statements are not affected: they name their workspace themselves.
 */
export function viewOfWorkspaces(db: DatabaseClient, ids: string[]): DatabaseClient {
  const models = db.$extends({
    query: {
      $allModels: {
        $allOperations({ model, operation, args, query }) {
          if (!SET_OPERATIONS.has(operation)) return query(args);
          const ownRows = { [model === 'Workspace' ? 'id' : 'workspaceId']: { in: ids } };
          const where = 'where' in args && args.where ? { AND: [ownRows, args.where] } : ownRows;
          return query(Object.assign({}, args, { where }));
        },
      },
    },
  });
  // The extended client inherits the rest of the database, which its type does not show.
  return new Proxy(db, { get: (_, property) => Reflect.get(models, property) });
}
