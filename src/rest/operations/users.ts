import { z } from 'zod';
import { NotFoundError } from '../../domain/shared/errors.ts';
import { cursorScope, encodeCursor, MAX_USERS_PAGE_SIZE, parsePageArguments } from '../../domain/shared/pagination.ts';
import { createUser } from '../../domain/users/create.ts';
import { deleteUser } from '../../domain/users/delete.ts';
import { readUsers, readUsersPage } from '../../domain/users/read.ts';
import { updateUser } from '../../domain/users/upsert.ts';
import { idempotencyHeaders, KEY_BUSY, keyMisused } from '../idempotency-key.ts';
import { preferHeaders } from '../ignored-input.ts';
import { operation } from '../operation.ts';
import { createBody, createUserInput, listQuery, uidParams, updateBody, updateUserInput } from '../schemas.ts';
import {
  createdUser,
  createdUserAsSent,
  exampleUser,
  okExamples,
  okObject,
  readUserObjects,
  respondWithUser,
  userExamples,
  userObject,
  writtenUser,
} from '../users.ts';

const { uid, ...profile } = createdUserAsSent;

export const createUserOperation = operation({
  operationId: 'createUser',
  method: 'POST',
  path: '/users',
  summary: 'Create a User',
  description:
    'Creates a user, for example when a customer signs up in your application. Can be called with the public key alone.',
  scope: 'users:identify',
  request: { headers: idempotencyHeaders.extend(preferHeaders.shape), body: createBody },
  attributes: 'meta',
  requestExamples: { signUp: { summary: 'A customer signs up', value: { id: uid, ...profile } } },
  response: writtenUser,
  responseExamples: {
    full: { summary: 'With key and secret', value: createdUser },
    publicKey: { summary: 'With the public key alone', value: createdUserAsSent },
  },
  errors: [
    { status: 404, description: 'The user created with the idempotency key was deleted.' },
    { status: 409, description: `Another user has the id; or ${KEY_BUSY}.` },
    keyMisused,
  ],
  input: createUserInput,
  names: { uid: 'id' },
  handle: async (context, input) => {
    const { user } = await createUser(context.db, context.viewer, input);
    return respondWithUser(context, user, input);
  },
});

export const retrieveUserOperation = operation({
  operationId: 'retrieveUser',
  method: 'GET',
  path: '/users/{uid}',
  summary: 'Retrieve a User',
  description: 'Returns the user object.',
  scope: 'users:read',
  request: { params: uidParams },
  requestExamples: {},
  response: userObject,
  responseExamples: userExamples,
  errors: [{ status: 404, description: 'The user does not exist.' }],
  input: z.object({ params: uidParams }),
  handle: async ({ db, viewer }, { params }) => {
    const [user] = await readUsers(db, viewer.workspaceId, [{ uid: params.uid }]);
    const [object] = user ? await readUserObjects(db, viewer.workspaceId, [user]) : [];
    if (!object) throw new NotFoundError('User');
    return object;
  },
});

export const updateUserOperation = operation({
  operationId: 'updateUser',
  method: 'PUT',
  path: '/users/{uid}',
  summary: 'Update User attributes',
  description: `Updates user data and attributes; if the user doesn’t exist, creates the user. If exactly one user with the
\`email\` has \`uid_updateable\`, and the caller has the scope \`users:write\`, sets that user’s \`uid\` instead.
Can be called with the public key alone, except to change the user’s email, which requires \`users:write\`, and to subscribe
the user to lists, which requires \`lists:write\`.`,
  scope: 'users:identify',
  request: { params: uidParams, headers: preferHeaders, body: updateBody },
  attributes: 'meta',
  requestExamples: {
    upgrade: {
      summary: 'A change of plan',
      value: { meta: { plan: 'custom', coverage: 20 }, created_at: '2021-01-12T05:24:39.062+00:00' },
    },
  },
  response: writtenUser,
  responseExamples: {
    full: {
      summary: 'With key and secret',
      value: { ...createdUser, meta: { plan: 'custom', age: 34, coverage: 20 } },
    },
    publicKey: {
      summary: 'With the public key alone',
      value: { uid: 'u144', meta: { plan: 'custom', coverage: 20 }, created_at: createdUser.created_at },
    },
  },
  errors: [{ status: 409, description: 'A concurrent request set the uid of the user with this email.' }],
  input: updateUserInput,
  handle: async (context, input) => {
    const { user } = await updateUser(context.db, context.viewer, input);
    return respondWithUser(context, user, input);
  },
});

const userPage = z
  .object({
    data: z.array(userObject).meta({ description: 'The users, newest first.' }),
    next_cursor: z.string().optional().meta({ description: 'Present if there is a next page.' }),
    previous_cursor: z.string().optional().meta({ description: 'Present if there is a previous page.' }),
  })
  .meta({ id: 'UserPage', description: 'A page of users.' });

export const listUsersOperation = operation({
  operationId: 'listUsers',
  method: 'GET',
  path: '/users',
  summary: 'List Users',
  description: 'Lists the users, newest first. `next_cursor` and `previous_cursor` cannot be combined.',
  scope: 'users:read',
  work: 8,
  request: { query: listQuery },
  requestExamples: {},
  response: userPage,
  responseExamples: {
    page: { summary: 'A page', value: { data: [exampleUser], next_cursor: 'AXb1DuKCc4OP-rg8JFi7Kh8jo9c' } },
  },
  errors: [],
  input: z.object({ query: listQuery }),
  names: { first: 'limit', last: 'limit', after: 'next_cursor', before: 'previous_cursor' },
  handle: async ({ db, viewer }, { query }) => {
    const scope = cursorScope('GET /users', viewer.workspaceId);
    const { limit, next_cursor: after, previous_cursor: before, email, 'lists[]': listIds } = query;
    const size = before === undefined || after !== undefined ? { first: limit } : { last: limit };
    const page = parsePageArguments({ ...size, after, before }, { scope: () => scope }, MAX_USERS_PAGE_SIZE);
    const { rows, hasNextPage, hasPreviousPage } = await readUsersPage(db, viewer.workspaceId, page, {
      email,
      listIds,
    });
    const [first, last] = [rows[0], rows.at(-1)];
    return {
      data: await readUserObjects(db, viewer.workspaceId, rows),
      ...(hasNextPage && last ? { next_cursor: encodeCursor(scope, last) } : {}),
      ...(hasPreviousPage && first ? { previous_cursor: encodeCursor(scope, first) } : {}),
    };
  },
});

export const deleteUserOperation = operation({
  operationId: 'deleteUser',
  method: 'DELETE',
  path: '/users/{uid}',
  summary: 'Delete User',
  description:
    'Deletes all data of the user. Events are hidden immediately and erased from the database in the background.',
  scope: 'users:write',
  request: { params: uidParams },
  requestExamples: {},
  response: okObject,
  responseExamples: okExamples,
  errors: [{ status: 404, description: 'The user does not exist.' }],
  input: z.object({ params: uidParams }),
  handle: async ({ db, viewer }, { params }) => {
    await deleteUser(db, viewer, params.uid);
    return { status: 'ok' };
  },
});
