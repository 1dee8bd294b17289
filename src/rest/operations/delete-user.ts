import { z } from 'zod';
import { deleteUser } from '../../domain/users/delete.ts';
import { okExamples } from '../examples.ts';
import { uidParams } from '../schemas.ts';
import { okObject } from '../users.ts';
import { operation } from '../operation.ts';

export const deleteUserOperation = operation({
  operationId: 'deleteUser',
  method: 'DELETE',
  path: '/users/{uid}',
  summary: 'Delete User',
  description: 'Deletes all the user data. Events are hidden at once, and erased from the database in the background.',
  scope: 'users:write',
  input: z.object({ params: uidParams }),
  requestExamples: {},
  response: okObject,
  responseExamples: okExamples,
  operationChecks: [{ status: 404, description: 'There is no such user.' }],
  handle: async ({ db, viewer }, { params }) => {
    await deleteUser(db, viewer, params.uid);
    return { status: 'ok' };
  },
});
