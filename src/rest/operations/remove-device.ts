import { z } from 'zod';
import { removeDevice } from '../../domain/devices/write.ts';
import { okExamples } from '../examples.ts';
import { tokenParams } from '../schemas.ts';
import { okObject } from '../users.ts';
import { operation } from '../operation.ts';

export const removeDeviceOperation = operation({
  operationId: 'removeDevice',
  method: 'DELETE',
  path: '/users/{uid}/tokens/{token}',
  summary: 'Remove a device token',
  description: `Removes a device token from the user, as at sign-out. Works with username authentication; without \`users:read\`, the
answer is the same where there is no such user or token.`,
  scope: 'users:identify',
  input: z.object({ params: tokenParams }),
  requestExamples: {},
  response: okObject,
  responseExamples: okExamples,
  operationChecks: [{ status: 404, description: 'With `users:read`: there is no such user, or the user has no such token.' }],
  handle: async ({ db, viewer }, { params }) => {
    await removeDevice(db, viewer, params);
    return { status: 'ok' };
  },
});
