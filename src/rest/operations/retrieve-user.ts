import { z } from 'zod';
import { NotFoundError } from '../../domain/shared/errors.ts';
import { readUsers } from '../../domain/users/read.ts';
import { userExamples } from '../examples.ts';
import { uidParams } from '../schemas.ts';
import { operation } from '../operation.ts';
import { readUserObjects, userObject } from '../users.ts';

export const retrieveUserOperation = operation({
  operationId: 'retrieveUser',
  method: 'GET',
  path: '/users/{uid}',
  summary: 'Retrieve a User',
  description: 'Returns the user object.',
  scope: 'users:read',
  input: z.object({ params: uidParams }),
  requestExamples: {},
  response: userObject,
  responseExamples: userExamples,
  operationChecks: [{ status: 404, description: 'There is no such user.' }],
  handle: async ({ db, viewer }, { params }) => {
    const [user] = await readUsers(db, viewer.workspaceId, [{ uid: params.uid }]);
    const [object] = user ? await readUserObjects(db, viewer.workspaceId, [user]) : [];
    if (!object) throw new NotFoundError('User');
    return object;
  },
});
