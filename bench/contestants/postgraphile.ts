import { EVENT_PAGE_SIZE, PAGE_SIZE } from '../operations.ts';
import type { Contestant } from './contestant.ts';
import { addEventData, countData, pageData, updateUserData, userData, usersData } from './response-schemas.ts';
import { typenameRequest } from './usergraph.ts';

/** PostGraphile puts a digest of the order into its cursors and rejects other digests. It can change with the version. */
const ORDER_DIGEST = '574c1bfc6f';

const documents = {
  user: `query User($workspaceId: UUID!, $uid: String!) {
  user: userByWorkspaceIdAndUid(workspaceId: $workspaceId, uid: $uid) {
    uid firstName lastName email meta createdAt
    devices: devicesByWorkspaceIdAndUserId(orderBy: LAST_SEEN_AT_DESC) { nodes { platform lastSeenAt } }
  }
}`,
  page: `query Page($workspaceId: UUID!, $after: Cursor) {
  users: allUsers(condition: { workspaceId: $workspaceId }, orderBy: ROW_ID_DESC, first: ${PAGE_SIZE}, after: $after) {
    nodes {
      uid firstName email createdAt
      devices: devicesByWorkspaceIdAndUserId(orderBy: LAST_SEEN_AT_DESC) { nodes { platform lastSeenAt } }
      events: eventsByWorkspaceIdAndUserId(orderBy: ROW_ID_DESC, first: ${EVENT_PAGE_SIZE}) {
        nodes { name value properties timestamp }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
  count: `query Count($workspaceId: UUID!, $after: Cursor) {
  users: allUsers(condition: { workspaceId: $workspaceId }, orderBy: ROW_ID_DESC, first: ${PAGE_SIZE}, after: $after) {
    totalCount
    nodes { uid firstName email }
  }
}`,
  filtered: `query Filtered($workspaceId: UUID!, $filter: UserFilter!) {
  users: allUsers(condition: { workspaceId: $workspaceId }, orderBy: ROW_ID_DESC, first: ${PAGE_SIZE}, filter: $filter) {
    nodes { uid firstName email meta }
    pageInfo { hasNextPage }
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

/**
 * PostGraphile on the same tables. Its mutations insert or update a row, so `add-event` passes the user's id, and
 * `update-user` replaces `meta`. It has no upsert, so `upsert-user` is an insert, and no search for words: `search` compares the
 * beginning of the e-mail address.
 */
export const postgraphile: Contestant = {
  name: 'postgraphile',
  title: 'PostGraphile',
  script: 'bench/postgraphile/server.ts',
  environment: ({ databaseUrl, poolSize }) => ({
    DATABASE_URL: databaseUrl,
    POOL_SIZE: String(poolSize),
    FILTERS: '1',
  }),
  path: '/graphql',
  requests: ({ workspaceId }) => {
    const cursorOf = (id: string) => btoa(JSON.stringify([ORDER_DIGEST, id, workspaceId, id]));
    const page = { document: documents.page, dataSchema: pageData, expectedText: '"endCursor"' };
    const pageAfter = {
      ...page,
      variables: ({ after }: { after: string }) => ({ workspaceId, after: cursorOf(after) }),
    };
    const filtered = { document: documents.filtered, dataSchema: usersData, expectedText: '"nodes":[{"uid"' };
    return {
      typename: typenameRequest,
      user: {
        document: documents.user,
        variables: ({ uid }) => ({ workspaceId, uid }),
        dataSchema: userData,
        expectedText: '"devices"',
      },
      page: pageAfter,
      'page-far': pageAfter,
      'page-hot': { ...page, variables: () => ({ workspaceId }) },
      'page-count': {
        document: documents.count,
        variables: ({ after }) => ({ workspaceId, after: cursorOf(after) }),
        dataSchema: countData,
        expectedText: '"totalCount"',
      },
      filtered: {
        ...filtered,
        variables: ({ firstName, lastName, before }) => ({
          workspaceId,
          filter: {
            firstName: { equalToInsensitive: firstName },
            lastName: { equalToInsensitive: lastName },
            createdAt: { lessThan: before },
          },
        }),
      },
      search: {
        ...filtered,
        variables: ({ text }) => ({ workspaceId, filter: { email: { startsWithInsensitive: text } } }),
      },
      'add-event': {
        document: documents.addEvent,
        variables: ({ userId, name, value, properties, timestamp }) => ({
          input: { event: { workspaceId, userId, name, value, properties, timestamp } },
        }),
        dataSchema: addEventData,
        expectedText: '"event"',
      },
      'upsert-user': {
        document: documents.upsertUser,
        variables: ({ uid, id, meta }) => {
          const now = new Date().toISOString();
          return { input: { user: { workspaceId, rowId: id, uid, meta, createdAt: now, updatedAt: now } } };
        },
        dataSchema: updateUserData,
        expectedText: '"user"',
      },
      'update-user': {
        document: documents.updateUser,
        variables: ({ uid, meta }) => ({
          input: { workspaceId, uid, userPatch: { meta, updatedAt: new Date().toISOString() } },
        }),
        dataSchema: updateUserData,
        expectedText: '"user"',
      },
    };
  },
};
