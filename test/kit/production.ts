import { createKey } from '../../src/auth/keys.ts';
import { type Scope, scopes } from '../../src/domain/shared/scopes.ts';
import { createWorkspace } from '../../src/domain/workspaces/workspaces.ts';
import { basic } from './app.ts';
import { createDatabase } from './database.ts';
import { type Start, startGateway } from './gateway-process.ts';

/** Starts the gateway as a process with production settings, on its own database with one workspace. */
export async function startProduction(environment: Record<string, string> = {}, start?: Start) {
  const database = await createDatabase();
  const { id: workspaceId } = await createWorkspace(database.db, 'Production');
  const createKeyWith = async (granted: readonly Scope[]) => {
    const key = await createKey(database.db, workspaceId, granted);
    return { ...key, authorization: basic(key.publicKey, key.secret) };
  };
  const key = await createKeyWith(scopes);
  const { connectionString } = database.connection;
  const gateway = await startGateway({ NODE_ENV: 'production', DATABASE_URL: connectionString, ...environment }, start);
  return {
    ...gateway,
    db: database.db,
    databaseUrl: connectionString,
    workspaceId,
    /** A key with every scope. */
    key,
    /** Creates a key with exactly these scopes and returns its `Authorization` header. */
    withScopes: async (...granted: Scope[]) => (await createKeyWith(granted)).authorization,
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

export type Production = Awaited<ReturnType<typeof startProduction>>;
