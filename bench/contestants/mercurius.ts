import { credentials } from '../database/prepare.ts';
import { PAGE_SIZE } from '../operations.ts';
import type { Contestant, OperationRequests } from './contestant.ts';
import { documents } from './documents.ts';
import { countData, pageData, userData } from './response-schemas.ts';

const requests = (): OperationRequests => {
  const page = { document: documents.page, dataSchema: pageData, expectedText: '"endCursor"' };
  const pageAfter = { ...page, variables: ({ after }: { after: string }) => ({ after }) };
  return {
    user: {
      document: documents.user,
      variables: ({ uid }) => ({ uid }),
      dataSchema: userData,
      expectedText: '"devices"',
    },
    page: pageAfter,
    'page-far': pageAfter,
    'page-hot': { ...page, variables: () => ({}) },
    'page-count': {
      document: documents.count,
      variables: ({ after }) => ({ first: PAGE_SIZE, after }),
      dataSchema: countData,
      expectedText: '"totalCount"',
    },
  };
};

/** Mercurius with JIT and hand-written loaders, without authentication, limits and log. */
export const mercurius: Contestant = {
  name: 'mercurius',
  title: 'Mercurius',
  script: 'bench/mercurius/server.ts',
  environment: ({ databaseUrl, poolSize, workspaceId }) => ({
    DATABASE_URL: databaseUrl,
    POOL_SIZE: String(poolSize),
    WORKSPACE_ID: workspaceId,
  }),
  path: '/graphql',
  requests,
};

/** The same server, which checks a key, limits depth and rate, and logs each request. */
export const mercuriusWithChecks: Contestant = {
  ...mercurius,
  name: 'mercurius-checked',
  title: 'Mercurius with checks',
  environment: (settings) => ({ ...mercurius.environment(settings), CHECKS: '1' }),
  headers: { authorization: `Basic ${btoa(`${credentials.publicKey}:${credentials.secret}`)}` },
};
