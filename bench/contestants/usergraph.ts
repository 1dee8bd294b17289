import { cursorScope, encodeCursor } from '../../src/domain/shared/pagination.ts';
import { credentials } from '../database/prepare.ts';
import { addEventAnswer, countAnswer, entitiesAnswer, pageAnswer, updateUserAnswer, userAnswer } from './answers.ts';
import type { Approaches, Contestant } from './contestant.ts';
import { documents } from './documents.ts';

/** How usergraph is asked. @param cursorOf makes the cursor of the user with an id. */
export function usergraphApproaches(cursorOf: (id: string) => string): Approaches {
  const page = { document: documents.page, normalise: pageAnswer, proof: '"endCursor"' };
  return {
    user: {
      document: documents.user,
      variables: ({ uid }) => ({ uid }),
      normalise: userAnswer,
      proof: '"devices"',
    },
    page: { ...page, variables: () => ({}) },
    'page-far': { ...page, variables: ({ after }) => ({ after: cursorOf(after) }) },
    'page-count': {
      document: documents.count,
      variables: () => ({}),
      normalise: countAnswer,
      proof: '"totalCount"',
    },
    entities: {
      document: documents.entities,
      variables: ({ uids }) => ({ representations: uids.map((uid) => ({ __typename: 'User', uid })) }),
      normalise: entitiesAnswer,
      proof: '"uid"',
    },
    'add-event': {
      document: documents.addEvent,
      variables: ({ uid, name, value, properties, timestamp }) => ({
        input: { uid, name, value, properties, timestamp },
      }),
      normalise: addEventAnswer,
      proof: '"event"',
    },
    'upsert-user': {
      document: documents.upsertUser,
      variables: ({ uid, meta }) => ({ input: { uid, meta } }),
      normalise: updateUserAnswer,
      proof: '"meta"',
    },
    'update-user': {
      document: documents.updateUser,
      variables: ({ uid, meta }) => ({ input: { uid, meta } }),
      normalise: updateUserAnswer,
      proof: '"user"',
    },
  };
}

/** The product as it is shipped, but for a rate limit that no run reaches. */
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
  approaches: ({ workspaceId }) => {
    const space = cursorScope('Query.users', workspaceId, workspaceId);
    return usergraphApproaches((id) => encodeCursor(space, id));
  },
};
