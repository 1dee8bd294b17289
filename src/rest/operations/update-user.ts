import { z } from 'zod';
import { updateUser } from '../../domain/users/upsert.ts';
import { createdUser } from '../examples.ts';
import { checkId, uidParams, updateBody } from '../schemas.ts';
import { operation } from '../operation.ts';
import { toUserUpdate } from '../users.ts';
import { answeredUser, userAnswer } from '../users.ts';

export const updateUserOperation = operation({
  operationId: 'updateUser',
  method: 'PUT',
  path: '/users/{uid}',
  summary: 'Update User attributes',
  description: `Updates user data and attributes; if the user doesn’t exist, creates the user. If exactly one user with the
\`email\` has \`uid_updateable\`, and the caller is fully authenticated, the \`uid\` is set as that user’s. Works with username
authentication if not changing the user’s email; that requires full (key and secret) authentication.`,
  scope: 'users:identify',
  input: z.object({ params: uidParams, body: updateBody }).superRefine(checkId),
  requestExamples: {
    upgrade: {
      summary: 'A change of plan',
      value: { meta: { plan: 'custom', coverage: 20 }, created_at: '2021-01-12T05:24:39.062+00:00' },
    },
  },
  response: answeredUser,
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
  operationChecks: [{ status: 409, description: 'Another caller has just given the user another uid.' }],
  handle: async (context, { params, body }) => {
    const { db, viewer } = context;
    const input = toUserUpdate(params.uid, body);
    const { user } = await updateUser(db, viewer, input);
    return userAnswer(context, user, input);
  },
});
