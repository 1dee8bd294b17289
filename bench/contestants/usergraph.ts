import { cursorScope, encodeCursor } from '../../src/domain/shared/pagination.ts';
import { credentials } from '../database/prepare.ts';
import type { Contestant, OperationRequests } from './contestant.ts';
import { documents } from './documents.ts';
import { addEventData, countData, entitiesData, pageData, updateUserData, userData } from './response-schemas.ts';

/** Requests to usergraph and to the floor. @param cursorOf returns the cursor of a user's id. */
export function usergraphRequests(cursorOf: (id: string) => string): OperationRequests {
  const page = { document: documents.page, dataSchema: pageData, expectedText: '"endCursor"' };
  return {
    user: {
      document: documents.user,
      variables: ({ uid }) => ({ uid }),
      dataSchema: userData,
      expectedText: '"devices"',
    },
    page: { ...page, variables: () => ({}) },
    'page-far': { ...page, variables: ({ after }) => ({ after: cursorOf(after) }) },
    'page-count': {
      document: documents.count,
      variables: () => ({}),
      dataSchema: countData,
      expectedText: '"totalCount"',
    },
    entities: {
      document: documents.entities,
      variables: ({ uids }) => ({ representations: uids.map((uid) => ({ __typename: 'User', uid })) }),
      dataSchema: entitiesData,
      expectedText: '"uid"',
    },
    'add-event': {
      document: documents.addEvent,
      variables: ({ uid, name, value, properties, timestamp }) => ({
        input: { uid, name, value, properties, timestamp },
      }),
      dataSchema: addEventData,
      expectedText: '"event"',
    },
    'upsert-user': {
      document: documents.upsertUser,
      variables: ({ uid, meta }) => ({ input: { uid, meta } }),
      dataSchema: updateUserData,
      expectedText: '"meta"',
    },
    'update-user': {
      document: documents.updateUser,
      variables: ({ uid, meta }) => ({ input: { uid, meta } }),
      dataSchema: updateUserData,
      expectedText: '"user"',
    },
  };
}

/** The product as shipped, with a rate limit that is too high to be reached. */
export const usergraph: Contestant = {
  name: 'usergraph',
  title: 'usergraph',
  script: 'src/main.ts',
  environment: ({ databaseUrl, poolSize }) => ({
    DATABASE_URL: databaseUrl,
    POOL_SIZE: String(poolSize),
    LOG_LEVEL: 'info',
    RATE_LIMIT: '1000000000',
  }),
  path: '/graphql',
  headers: { authorization: `Basic ${btoa(`${credentials.publicKey}:${credentials.secret}`)}` },
  requests: ({ workspaceId }) => {
    const scope = cursorScope('Query.users', workspaceId, workspaceId);
    return usergraphRequests((id) => encodeCursor(scope, { id }));
  },
};
