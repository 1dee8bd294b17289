import { z } from 'zod';
import { EVENT_PAGE_SIZE, PAGE_SIZE } from '../operations.ts';
import { type Contestant, workspaceEnvironment } from './contestant.ts';
import { addEventData, countData, pageData, updateUserData, userData } from './response-schemas.ts';
import { typenameRequest } from './usergraph.ts';

const documents = {
  user: `query User($uid: String!) {
  user(uid: $uid) { uid firstName lastName email meta createdAt devices { platform lastSeenAt } }
}`,
  page: `query Page($after: String) {
  users(first: ${PAGE_SIZE}, after: $after) {
    edges {
      node {
        uid firstName email createdAt
        devices { platform lastSeenAt }
        events(first: ${EVENT_PAGE_SIZE}) { edges { node { name value properties timestamp } } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
  count: `query Count($after: String) { users(first: ${PAGE_SIZE}, after: $after) { totalCount edges { node { uid firstName email } } } }`,
  addEvent: `mutation AddEvent($uid: String!, $name: String!, $value: Int, $properties: JSON!, $timestamp: DateTime!) {
  addEvent(uid: $uid, name: $name, value: $value, properties: $properties, timestamp: $timestamp) {
    name value properties timestamp
  }
}`,
  upsertUser: `mutation UpsertUser($uid: String!, $meta: JSON!) {
  updateUser: upsertUser(uid: $uid, meta: $meta) { uid firstName meta }
}`,
  updateUser: `mutation UpdateUser($uid: String!, $meta: JSON!) {
  updateUser(uid: $uid, meta: $meta) { uid firstName meta }
}`,
};

/**
 * A typical Pothos and Prisma server. Its mutations return the row without a payload type, and replace `meta`. It takes no part in
 * `page`: for a page in the middle, Prisma reads all rows after it, which takes many seconds.
 */
export const tutorial: Contestant = {
  name: 'tutorial',
  title: 'tutorial stack',
  script: 'bench/tutorial/server.ts',
  environment: workspaceEnvironment,
  path: '/graphql',
  requests: ({ workspaceId }) => {
    const cursorOf = (id: string) => btoa(`GPC:T:${JSON.stringify([`S:${workspaceId}`, `S:${id}`])}`);
    const page = { document: documents.page, dataSchema: pageData, expectedText: '"endCursor"' };
    return {
      typename: typenameRequest,
      user: {
        document: documents.user,
        variables: ({ uid }) => ({ uid }),
        dataSchema: userData,
        expectedText: '"devices"',
      },
      'page-hot': { ...page, variables: () => ({}) },
      'page-far': { ...page, variables: ({ after }) => ({ after: cursorOf(after) }) },
      'page-count': {
        document: documents.count,
        variables: ({ after }) => ({ after: cursorOf(after) }),
        dataSchema: countData,
        expectedText: '"totalCount"',
      },
      'add-event': {
        document: documents.addEvent,
        variables: ({ uid, name, value, properties, timestamp }) => ({ uid, name, value, properties, timestamp }),
        dataSchema: z
          .object({ addEvent: z.json() })
          .transform(({ addEvent: event }) => ({ addEvent: { event } }))
          .pipe(addEventData),
        expectedText: '"properties"',
      },
      'upsert-user': {
        document: documents.upsertUser,
        variables: ({ uid, meta }) => ({ uid, meta }),
        dataSchema: z
          .object({ updateUser: z.json() })
          .transform(({ updateUser: user }) => ({ updateUser: { user } }))
          .pipe(updateUserData),
        expectedText: '"meta"',
      },
      'update-user': {
        document: documents.updateUser,
        variables: ({ uid, meta }) => ({ uid, meta }),
        dataSchema: z
          .object({ updateUser: z.json() })
          .transform(({ updateUser: user }) => ({ updateUser: { user } }))
          .pipe(updateUserData),
        expectedText: '"meta"',
      },
    };
  },
};
