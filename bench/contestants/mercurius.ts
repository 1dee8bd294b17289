import { credentials } from '../database/prepare.ts';
import { type Contestant, workspaceEnvironment } from './contestant.ts';
import { usergraphRequests } from './usergraph.ts';

/** Mercurius with JIT and hand-written loaders, without authentication, limits and log. It receives usergraph's documents. */
export const mercurius: Contestant = {
  name: 'mercurius',
  title: 'Mercurius',
  script: 'bench/mercurius/server.ts',
  environment: workspaceEnvironment,
  path: '/graphql',
  requests: () => {
    const requests = usergraphRequests({ users: (id) => id, members: (id) => id });
    const names = ['typename', 'user', 'page', 'page-far', 'page-hot', 'page-count'] as const;
    return Object.fromEntries(names.map((name) => [name, requests[name]]));
  },
};

/** The same server, which checks a key, limits depth and rate, and logs each request. */
export const mercuriusWithChecks: Contestant = {
  ...mercurius,
  name: 'mercurius-checked',
  title: 'Mercurius with checks',
  environment: (settings) => ({ ...workspaceEnvironment(settings), CHECKS: '1' }),
  headers: { authorization: `Basic ${btoa(`${credentials.publicKey}:${credentials.secret}`)}` },
};
