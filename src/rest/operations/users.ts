import { z } from 'zod';
import { NotFoundError } from '../../domain/shared/errors.ts';
import { createUser } from '../../domain/users/create.ts';
import { deleteUser } from '../../domain/users/delete.ts';
import { readUsers } from '../../domain/users/read.ts';
import { updateUser } from '../../domain/users/upsert.ts';
import { idempotencyHeaders, KEY_BUSY, keyMisused } from '../idempotency-key.ts';
import { preferHeaders } from '../ignored-input.ts';
import { operation } from '../operation.ts';
import { createBody, createUserInput, uidParams, updateBody, updateUserInput } from '../schemas.ts';
import {
  createdUser,
  createdUserAsSent,
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
  handle: async ({ reads, viewer }, { params }) => {
    const [user] = await readUsers(reads, viewer.workspaceId, [{ uid: params.uid }]);
    const [object] = user ? await readUserObjects(reads, viewer.workspaceId, [user]) : [];
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

export const deleteUserOperation = operation({
  operationId: 'deleteUser',
  method: 'DELETE',
  path: '/users/{uid}',
  summary: 'Delete User',
  description:
    'Deletes all data of the user. Events are hidden immediately; they and other personal data are erased from the database in the background.',
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
