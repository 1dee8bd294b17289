import type { Contestant } from './contestant.ts';
import { usergraphApproaches } from './usergraph.ts';

/** What PostgreSQL and Node can do at the most; takes usergraph's documents, of which it reads the names. */
export const floor: Contestant = {
  name: 'floor',
  title: 'floor',
  script: 'bench/floor/server.ts',
  environment: ({ databaseUrl, poolSize, workspaceId }) => ({
    DATABASE_URL: databaseUrl,
    POOL_SIZE: String(poolSize),
    WORKSPACE_ID: workspaceId,
  }),
  path: '/',
  approaches: () => usergraphApproaches((id) => id),
};
