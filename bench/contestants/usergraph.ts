import { hash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cursorScope, encodeCursor } from '../../src/domain/shared/pagination.ts';
import { encodeGlobalId } from '../../src/graphql/schema/global-id.ts';
import { SEGMENT_ID } from '../database/fill.ts';
import { credentials } from '../database/prepare.ts';
import { PAGE_SIZE } from '../operations.ts';
import type { Contestant, OperationRequests } from './contestant.ts';
import { documents } from './documents.ts';
import {
  addEventData,
  addEventsData,
  countData,
  entitiesData,
  pageData,
  restPage,
  segmentData,
  typenameData,
  updateUserData,
  userData,
  usersData,
} from './response-schemas.ts';

/** The cursors of a user's id, by the connection. */
export interface Cursors {
  users(id: string): string;
  members(id: string): string;
}

/** The same for all servers. */
export const typenameRequest = {
  document: documents.typename,
  variables: () => ({}),
  dataSchema: typenameData,
  expectedText: '"__typename":"Query"',
};

/** Requests to usergraph and to the floor. */
export function usergraphRequests(cursors: Cursors): OperationRequests {
  const page = { document: documents.page, dataSchema: pageData, expectedText: '"endCursor"' };
  const pageAfter = { ...page, variables: ({ after }: { after: string }) => ({ after: cursors.users(after) }) };
  return {
    typename: typenameRequest,
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
      variables: ({ after }) => ({ after: cursors.users(after) }),
      dataSchema: countData,
      expectedText: '"totalCount"',
    },
    filtered: {
      document: documents.filtered,
      variables: ({ firstName, lastName, before }) => ({
        where: { firstName: { eq: firstName }, lastName: { eq: lastName }, createdAt: { lt: before } },
      }),
      dataSchema: usersData,
      expectedText: '"nodes":[{"uid"',
    },
    search: {
      document: documents.search,
      variables: ({ text }) => ({ text }),
      dataSchema: usersData,
      expectedText: '"nodes":[{"uid"',
    },
    segment: {
      document: documents.segment,
      variables: ({ after }) => ({ id: encodeGlobalId('Segment', SEGMENT_ID), after: cursors.members(after) }),
      dataSchema: segmentData,
      expectedText: '"nodes":[{"uid"',
    },
    entities: {
      document: documents.entities,
      variables: ({ uids }) => ({ representations: uids.map((uid) => ({ __typename: 'User', uid })) }),
      dataSchema: entitiesData,
      expectedText: '"uid"',
    },
    'add-event': {
      document: documents.addEvent,
      variables: ({ userId: _, ...input }) => ({ input }),
      dataSchema: addEventData,
      expectedText: '"event"',
    },
    'add-events': {
      document: documents.addEvents,
      variables: ({ events }) => ({ input: { events: events.map(({ userId: _, ...event }) => event) } }),
      dataSchema: addEventsData,
      expectedText: '"addedCount":100',
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

/** The id of the persisted operation. */
const persistedId = hash('sha256', documents.user);

/** Writes the file of persisted operations. @returns its path. */
function writePersistedOperations(): string {
  const directory = join(import.meta.dirname, '../../.data/bench');
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'persisted-operations.json');
  writeFileSync(file, JSON.stringify({ [persistedId]: documents.user }));
  return file;
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
    PERSISTED_OPERATIONS: writePersistedOperations(),
  }),
  path: '/graphql',
  headers: { authorization: `Basic ${btoa(`${credentials.publicKey}:${credentials.secret}`)}` },
  requests: ({ workspaceId }) => {
    const cursorOf = (connection: string, ...parents: string[]) => {
      const scope = cursorScope(connection, workspaceId, ...parents);
      return (id: string) => encodeCursor(scope, { id });
    };
    const ofRest = cursorOf('GET /users');
    return {
      ...usergraphRequests({
        users: cursorOf('Query.users', workspaceId),
        members: cursorOf('Segment.members', SEGMENT_ID),
      }),
      persisted: {
        body: ({ uid }) => ({
          operationName: 'User',
          variables: { uid },
          extensions: { persistedQuery: { version: 1, sha256Hash: persistedId } },
        }),
        dataSchema: userData,
        expectedText: '"devices"',
      },
      'rest-page': {
        path: ({ after }) => `/v1/users?limit=${PAGE_SIZE}&next_cursor=${encodeURIComponent(ofRest(after))}`,
        dataSchema: restPage,
        expectedText: '"data":[{',
      },
    };
  },
};
