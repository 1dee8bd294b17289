import { type Contestant, workspaceEnvironment } from './contestant.ts';
import { usergraphRequests } from './usergraph.ts';

/** The baseline. It receives usergraph's documents, but reads only the operation name and the variables. */
export const floor: Contestant = {
  name: 'floor',
  title: 'floor',
  script: 'bench/floor/server.ts',
  environment: workspaceEnvironment,
  path: '/',
  requests: () => usergraphRequests({ users: (id) => id, members: (id) => id }),
};
