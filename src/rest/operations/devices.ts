import { z } from 'zod';
import { removeDevice } from '../../domain/devices/write.ts';
import { operation } from '../operation.ts';
import { tokenParams } from '../schemas.ts';
import { okExamples, okObject } from '../users.ts';

export const removeDeviceOperation = operation({
  operationId: 'removeDevice',
  method: 'DELETE',
  path: '/users/{uid}/tokens/{token}',
  summary: 'Remove a device token',
  description: `Removes a device token from the user, for example at sign-out. Can be called with the public key alone. Without
\`users:read\`, the response is the same if the user or the token does not exist.`,
  scope: 'users:identify',
  request: { params: tokenParams },
  requestExamples: {},
  response: okObject,
  responseExamples: okExamples,
  errors: [{ status: 404, description: 'With `users:read`: the user does not exist or does not have the token.' }],
  input: z.object({ params: tokenParams }),
  handle: async ({ db, viewer }, { params }) => {
    await removeDevice(db, viewer, params);
    return { status: 'ok' };
  },
});
