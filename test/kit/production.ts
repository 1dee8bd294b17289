import { createKey } from '../../src/auth/keys.ts';
import { type Scope, scopes } from '../../src/domain/shared/scopes.ts';
import { createWorkspace } from '../../src/domain/workspaces/workspaces.ts';
import { basic } from './app.ts';
import { createDatabase } from './database.ts';
import { startGateway } from './gateway-process.ts';

/** Starts the gateway as a process as a platform team would, on a database of its own with one workspace. */
export async function startProduction(environment: Record<string, string> = {}) {
  const database = await createDatabase();
  const { id: workspaceId } = await createWorkspace(database.db, 'Production');
  const keyWith = async (granted: readonly Scope[]) => {
    const key = await createKey(database.db, workspaceId, granted);
    return { ...key, authorization: basic(key.publicKey, key.secret) };
  };
  const key = await keyWith(scopes);
  const { connectionString } = database.connection;
  const gateway = await startGateway({ NODE_ENV: 'production', DATABASE_URL: connectionString, ...environment });
  return {
    ...gateway,
    db: database.db,
    databaseUrl: connectionString,
    workspaceId,
    /** A key with every scope. */
    key,
    /** The `Authorization` header of a fresh key that has just these scopes. */
    withScopes: async (...granted: Scope[]) => (await keyWith(granted)).authorization,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** A gateway in production. */
export type Production = Awaited<ReturnType<typeof startProduction>>;
