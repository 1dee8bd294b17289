import { z } from 'zod';
import { ForbiddenError } from '../../domain/shared/errors.ts';
import { cursorScope } from '../../domain/shared/pagination.ts';
import { scopeOfOrder, userOrder } from '../../domain/users/order.ts';
import { canonicalUserQuery, isPositionOfUser, readMatchingUsers } from '../../domain/users/query.ts';
import { readUsersPage } from '../../domain/users/read.ts';
import { parseSearch, userSearch } from '../../domain/users/search.ts';
import { toRestSchema } from '../derived-schema.ts';
import { checkFilterScopes, checkFilterSize, filterSchema, workOfFilter } from '../filter.ts';
import { operation } from '../operation.ts';
import { argumentNames, pageCursors, respondWithPage } from '../page.ts';
import { cursor, limit as limitSchema, listQuery, searchMeta } from '../schemas.ts';
import { exampleUser, readUserObjects, userObject } from '../users.ts';

/** A page of users. */
export const userPage = z
  .object({ data: z.array(userObject).meta({ description: 'The users of the page, in order.' }), ...pageCursors })
  .meta({ id: 'UserPage', description: 'A page of users.' });

export const userPageExamples = {
  page: { summary: 'A page', value: { data: [exampleUser], next_cursor: 'AXb1DuKCc4OP-rg8JFi7Kh8jo9c' } },
};

/** The work of a page of 30 users with their devices, lists and segments. */
export const PAGE_WORK = 8;

const workOf = (query: unknown) => PAGE_WORK + workOfFilter(query);

export const listUsersOperation = operation({
  operationId: 'listUsers',
  method: 'GET',
  path: '/users',
  summary: 'List Users',
  description:
    'Lists the users, newest first, or the best matches of a search first. `next_cursor` and `previous_cursor` cannot be combined. The cursors of a search are valid only with the same search.',
  scope: 'users:read',
  work: ({ query }) => workOf(query),
  request: { query: listQuery },
  requestExamples: {},
  response: userPage,
  responseExamples: userPageExamples,
  errors: [],
  input: z.object({ query: listQuery }),
  names: argumentNames,
  handle: (context, { query }) => {
    const { workspaceId } = context.viewer;
    const {
      email,
      number,
      search,
      'lists[]': listIds,
      created_after: createdAfter,
      created_before: createdBefore,
    } = query;
    const selection = { email, number, search, listIds, createdAfter, createdBefore };
    // The cursors of the list were the same for all of its filters before it had a search.
    const scope = parseSearch(search) ? [canonicalUserQuery({ search })] : [];
    return respondWithPage(query, {
      scope: cursorScope('GET /users', workspaceId, ...scope),
      accepts: (position) => isPositionOfUser(workspaceId, { search }, position),
      invalidCursor: parseSearch(search)
        ? 'must be a cursor of this list with the same search'
        : 'must be a cursor of this list',
      read: (page) => readUsersPage(context.reads, workspaceId, page, selection),
      present: (users) => readUserObjects(context.reads, workspaceId, users),
    });
  },
});

/** The body of `POST /users/search`. */
const searchBody = z.strictObject({
  where: filterSchema.nullish().meta({
    description: 'Returns only users that match this filter. All users by default.',
  }),
  order_by: toRestSchema(userOrder).nullish().meta({ description: 'The order of the users; newest first by default.' }),
  search: userSearch
    .nullish()
    .meta(searchMeta('`order_by` replaces this order. Without letters and digits, it matches all users.')),
  limit: limitSchema,
  next_cursor: cursor(
    'The cursor of the next page, with the same `where`, `order_by` and `search`. It cannot be combined with `previous_cursor`.',
  ),
  previous_cursor: cursor('The cursor of the previous page, with the same `where`, `order_by` and `search`.'),
});

export const searchUsersOperation = operation({
  operationId: 'searchUsers',
  method: 'POST',
  path: '/users/search',
  summary: 'Search Users',
  description: `Lists the users that match a filter and a search, in any order. The filter is the one of \`users(where:)\` in GraphQL, with names in snake
case. A filter on lists, segments or events also requires \`lists:read\`, \`segments:read\` or \`events:read\`, and the order
\`last_event_at\` requires \`events:read\`. Cursors are
valid only with the same filter, order and search.`,
  scope: 'users:read',
  isWrite: false,
  work: ({ body }) => workOf(body),
  request: { body: searchBody },
  requestExamples: {
    all: { summary: 'All users, sorted by email', value: { order_by: { field: 'email' }, limit: 30 } },
    attributes: {
      summary: 'On the plan "pro", and older than 30 or with an address at example.com',
      value: {
        where: {
          meta: [{ key: 'plan', string: { eq: 'pro' } }],
          or: [{ meta: [{ key: 'age', number: { gt: 30 } }] }, { email: { ends_with: '@example.com' } }],
        },
      },
    },
    inactive: {
      summary: 'Signed up in the last 90 days and has never paid',
      value: {
        where: { created_at: { within: 'P90D' }, events: [{ name: { eq: 'Paid' }, count: { eq: 0 } }] },
        order_by: { field: 'created_at', direction: 'desc' },
      },
    },
  },
  response: userPage,
  responseExamples: userPageExamples,
  errors: [],
  input: z.object({ body: searchBody }),
  names: { ...argumentNames, orderBy: 'order_by' },
  checkSize: checkFilterSize,
  handle: async (context, { body }) => {
    const { reads, viewer } = context;
    const { where, order_by: orderBy, search } = body;
    checkFilterScopes(context, where ?? {});
    const orderScope = orderBy && scopeOfOrder(orderBy);
    if (orderScope && !viewer.scopes.has(orderScope)) throw new ForbiddenError('The order', orderScope);
    const query = { where, orderBy, search };
    return respondWithPage(body, {
      scope: cursorScope('POST /users/search', viewer.workspaceId, canonicalUserQuery(query)),
      accepts: (position) => isPositionOfUser(viewer.workspaceId, query, position),
      invalidCursor: 'must be a cursor of a search with the same where, order_by and search',
      read: (page) => readMatchingUsers(reads, viewer.workspaceId, query, page),
      present: (users) => readUserObjects(reads, viewer.workspaceId, users),
    });
  },
});
