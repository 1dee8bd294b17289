import { z } from 'zod';
import { createUser } from '../../domain/users/create.ts';
import { createdUser, createdUserAsSent } from '../examples.ts';
import { idempotencyHeaders, KEY_BUSY, keyMisused, toIdempotencyKey } from '../idempotency-key.ts';
import { createBody } from '../schemas.ts';
import { operation } from '../operation.ts';
import { toNewUser } from '../users.ts';
import { answeredUser, userAnswer } from '../users.ts';

const { uid, ...profile } = createdUserAsSent;

/** `POST /users`. */
export const createUserOperation = operation({
  operationId: 'createUser',
  method: 'POST',
  path: '/users',
  summary: 'Create a User',
  description: 'Adds a new user, when a customer signs up on your application. Works with username authentication.',
  scope: 'users:identify',
  input: z.object({ headers: idempotencyHeaders, body: createBody }),
  requestExamples: { signUp: { summary: 'A customer signs up', value: { id: uid, ...profile } } },
  response: answeredUser,
  responseExamples: {
    full: { summary: 'With key and secret', value: createdUser },
    publicKey: { summary: 'With the public key alone', value: createdUserAsSent },
  },
  operationChecks: [
    { status: 404, description: 'The user of the idempotency key has been deleted since.' },
    { status: 409, description: `Another user has the id; or ${KEY_BUSY}.` },
    keyMisused,
  ],
  handle: async (context, { headers, body }) => {
    const input = { ...toNewUser(body), ...toIdempotencyKey(headers) };
    const { user } = await createUser(context.db, context.viewer, input);
    return userAnswer(context, user, input);
  },
});
