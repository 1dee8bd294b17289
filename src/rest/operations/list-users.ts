import { z } from 'zod';
import { cursorScope, encodeCursor } from '../../domain/shared/pagination.ts';
import { parsePageArguments, MAX_USERS_PAGE_SIZE } from '../../domain/shared/pagination.ts';
import { readUsersPage } from '../../domain/users/read.ts';
import { exampleUser } from '../examples.ts';
import { listQuery } from '../schemas.ts';
import { operation } from '../operation.ts';
import { readUserObjects, userObject } from '../users.ts';

const page = z
  .object({
    data: z.array(userObject).meta({ description: 'The page, newest first.' }),
    next_cursor: z.string().optional().meta({ description: 'Present where there is a next page.' }),
    previous_cursor: z.string().optional().meta({ description: 'Present where there is a previous page.' }),
  })
  .meta({ id: 'UserPage', description: 'A page of users.' });

export const listUsersOperation = operation({
  operationId: 'listUsers',
  method: 'GET',
  path: '/users',
  summary: 'List Users',
  description: 'Lists the users, newest first. You can only use one of `next_cursor` and `previous_cursor`.',
  scope: 'users:read',
  work: 8,
  input: z.object({ query: listQuery }),
  requestExamples: {},
  response: page,
  responseExamples: {
    page: { summary: 'A page', value: { data: [exampleUser], next_cursor: 'AXb1DuKCc4OP-rg8JFi7Kh8jo9c' } },
  },
  operationChecks: [],
  handle: async ({ db, viewer }, { query }) => {
    const space = cursorScope('GET /users', viewer.workspaceId);
    const { limit, next_cursor: after, previous_cursor: before } = query;
    const size = before === undefined || after !== undefined ? { first: limit } : { last: limit };
    const asked = parsePageArguments({ ...size, after, before }, () => space, MAX_USERS_PAGE_SIZE);
    const { rows, hasNextPage, hasPreviousPage } = await readUsersPage(db, viewer.workspaceId, asked, query.email);
    const [first, last] = [rows[0], rows.at(-1)];
    return {
      data: await readUserObjects(db, viewer.workspaceId, rows),
      ...(hasNextPage && last ? { next_cursor: encodeCursor(space, last.id) } : {}),
      ...(hasPreviousPage && first ? { previous_cursor: encodeCursor(space, first.id) } : {}),
    };
  },
});
