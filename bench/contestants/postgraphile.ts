import { PAGE, PAGE_EVENTS } from '../questions.ts';
import { addEventAnswer, countAnswer, pageAnswer, updateUserAnswer, userAnswer } from './answers.ts';
import type { Contestant } from './contestant.ts';

/** The digest of the order by which PostGraphile tells its cursors apart. Where a new version has another, it says so. */
const ORDER = '574c1bfc6f';

const documents = {
  user: `query User($workspaceId: UUID!, $uid: String!) {
  user: userByWorkspaceIdAndUid(workspaceId: $workspaceId, uid: $uid) {
    uid firstName lastName email meta createdAt
    devices: devicesByWorkspaceIdAndUserId(orderBy: LAST_SEEN_AT_DESC) { nodes { platform lastSeenAt } }
  }
}`,
  page: `query Page($workspaceId: UUID!, $after: Cursor) {
  users: allUsers(condition: { workspaceId: $workspaceId }, orderBy: ROW_ID_DESC, first: ${PAGE}, after: $after) {
    nodes {
      uid firstName email createdAt
      devices: devicesByWorkspaceIdAndUserId(orderBy: LAST_SEEN_AT_DESC) { nodes { platform lastSeenAt } }
      events: eventsByWorkspaceIdAndUserId(orderBy: ROW_ID_DESC, first: ${PAGE_EVENTS}) {
        nodes { name value properties timestamp }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
  count: `query Count($workspaceId: UUID!) {
  users: allUsers(condition: { workspaceId: $workspaceId }, orderBy: ROW_ID_DESC, first: ${PAGE}) {
    totalCount
    nodes { uid firstName email }
  }
}`,
  addEvent: `mutation AddEvent($input: CreateEventInput!) {
  addEvent: createEvent(input: $input) { event { name value properties timestamp } }
}`,
  upsertUser: `mutation UpsertUser($input: CreateUserInput!) {
  updateUser: createUser(input: $input) { user { uid firstName meta } }
}`,
  updateUser: `mutation UpdateUser($input: UpdateUserByWorkspaceIdAndUidInput!) {
  updateUser: updateUserByWorkspaceIdAndUid(input: $input) { user { uid firstName meta } }
}`,
};

/** PostGraphile on the same tables. Its mutations take rows: it is given a user's id with an event, and all of `meta`; it has no
 * upsert, and creates the unknown user. */
export const postgraphile: Contestant = {
  name: 'postgraphile',
  title: 'PostGraphile',
  script: 'bench/postgraphile/server.ts',
  environment: ({ databaseUrl, poolSize }) => ({ DATABASE_URL: databaseUrl, POOL_SIZE: String(poolSize) }),
  path: '/graphql',
  approaches: ({ workspaceId }) => {
    const cursorOf = (id: string) => btoa(JSON.stringify([ORDER, id, workspaceId, id]));
    const page = { document: documents.page, normalise: pageAnswer, proof: '"endCursor"' };
    return {
      user: {
        document: documents.user,
        variables: ({ uid }) => ({ workspaceId, uid }),
        normalise: userAnswer,
        proof: '"devices"',
      },
      page: { ...page, variables: () => ({ workspaceId }) },
      'page-far': { ...page, variables: ({ after }) => ({ workspaceId, after: cursorOf(after) }) },
      'page-count': {
        document: documents.count,
        variables: () => ({ workspaceId }),
        normalise: countAnswer,
        proof: '"totalCount"',
      },
      'add-event': {
        document: documents.addEvent,
        variables: ({ userId, name, value, properties, timestamp }) => ({
          input: { event: { workspaceId, userId, name, value, properties, timestamp } },
        }),
        normalise: addEventAnswer,
        proof: '"event"',
      },
      'upsert-user': {
        document: documents.upsertUser,
        variables: ({ uid, id, meta }) => {
          const now = new Date().toISOString();
          return { input: { user: { workspaceId, rowId: id, uid, meta, createdAt: now, updatedAt: now } } };
        },
        normalise: updateUserAnswer,
        proof: '"user"',
      },
      'update-user': {
        document: documents.updateUser,
        variables: ({ uid, meta }) => ({
          input: { workspaceId, uid, userPatch: { meta, updatedAt: new Date().toISOString() } },
        }),
        normalise: updateUserAnswer,
        proof: '"user"',
      },
    };
  },
};
