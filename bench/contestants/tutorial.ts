import { z } from 'zod';
import { PAGE, PAGE_EVENTS } from '../questions.ts';
import { addEventAnswer, countAnswer, pageAnswer, updateUserAnswer, userAnswer } from './answers.ts';
import type { Contestant } from './contestant.ts';

const documents = {
  user: `query User($uid: String!) {
  user(uid: $uid) { uid firstName lastName email meta createdAt devices { platform lastSeenAt } }
}`,
  page: `query Page($after: String) {
  users(first: ${PAGE}, after: $after) {
    edges {
      node {
        uid firstName email createdAt
        devices { platform lastSeenAt }
        events(first: ${PAGE_EVENTS}) { edges { node { name value properties timestamp } } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
  count: `query Count { users(first: ${PAGE}) { totalCount edges { node { uid firstName email } } } }`,
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

/** The usual stack, written as its tutorials write it. Mutations answer with the row itself, and replace all of `meta`. */
export const tutorial: Contestant = {
  name: 'tutorial',
  title: 'tutorial stack',
  script: 'bench/tutorial/server.ts',
  environment: ({ databaseUrl, poolSize, workspaceId }) => ({
    DATABASE_URL: databaseUrl,
    POOL_SIZE: String(poolSize),
    WORKSPACE_ID: workspaceId,
  }),
  path: '/graphql',
  approaches: ({ workspaceId }) => {
    const cursorOf = (id: string) => btoa(`GPC:T:${JSON.stringify([`S:${workspaceId}`, `S:${id}`])}`);
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
      'add-event': {
        document: documents.addEvent,
        variables: ({ uid, name, value, properties, timestamp }) => ({ uid, name, value, properties, timestamp }),
        normalise: z
          .object({ addEvent: z.json() })
          .transform(({ addEvent: event }) => ({ addEvent: { event } }))
          .pipe(addEventAnswer),
        proof: '"properties"',
      },
      'upsert-user': {
        document: documents.upsertUser,
        variables: ({ uid, meta }) => ({ uid, meta }),
        normalise: z
          .object({ updateUser: z.json() })
          .transform(({ updateUser: user }) => ({ updateUser: { user } }))
          .pipe(updateUserAnswer),
        proof: '"meta"',
      },
      'update-user': {
        document: documents.updateUser,
        variables: ({ uid, meta }) => ({ uid, meta }),
        normalise: z
          .object({ updateUser: z.json() })
          .transform(({ updateUser: user }) => ({ updateUser: { user } }))
          .pipe(updateUserAnswer),
        proof: '"meta"',
      },
    };
  },
};
