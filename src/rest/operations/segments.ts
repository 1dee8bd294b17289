import { z } from 'zod';
import { createSegment, deleteSegment, updateSegment } from '../../domain/segments/define.ts';
import { newSegment, segmentUpdate } from '../../domain/segments/inputs.ts';
import { readSegmentMembersPage } from '../../domain/segments/memberships.ts';
import { readSegments, readSegmentsPage } from '../../domain/segments/segment.ts';
import { ForbiddenError, NotFoundError } from '../../domain/shared/errors.ts';
import { MAX_SEGMENT_DESCRIPTION_LENGTH, MAX_SEGMENT_NAME_LENGTH, MAX_SEGMENTS } from '../../domain/shared/limits.ts';
import { cursorScope } from '../../domain/shared/pagination.ts';
import { checkFilterScopes, checkFilterSize, filterSchema, workOfFilter } from '../filter.ts';
import { domainInput, operation, type RestContext } from '../operation.ts';
import { argumentNames, pageCursors, respondWithPage } from '../page.ts';
import { cursor, limit, lowerCaseUuid } from '../schemas.ts';
import { exampleSegment, readSegmentObjects, segmentExamples, segmentObject } from '../segments.ts';
import { okExamples, okObject, readUserObjects } from '../users.ts';
import { PAGE_WORK, userPage, userPageExamples } from './list-users.ts';

const tag = 'Segments';

const idParams = z.object({ id: lowerCaseUuid.meta({ format: 'uuid', description: 'The id of the segment.' }) });

const pageQuery = z.object({
  limit: limit.meta({ description: 'The number of objects to return.' }),
  next_cursor: cursor('The cursor of the next page. It cannot be combined with `previous_cursor`.'),
  previous_cursor: cursor('The cursor of the previous page.'),
});

const invalidCursor = 'must be a cursor of this list';

const notFound = { status: 404, description: 'The segment does not exist.' } as const;

/** Rejects callers without `users:read`, because the members of a segment reveal data of users. */
function requireUsersRead({ viewer }: RestContext, action: string): void {
  if (!viewer.scopes.has('users:read')) throw new ForbiddenError(action, 'users:read');
}

export const listSegmentsOperation = operation({
  operationId: 'listSegments',
  tag,
  method: 'GET',
  path: '/segments',
  summary: 'List Segments',
  description: 'Lists the segments, newest first.',
  scope: 'segments:read',
  request: { query: pageQuery },
  requestExamples: {},
  response: z
    .object({
      data: z.array(segmentObject).meta({ description: 'The segments of the page, in order.' }),
      ...pageCursors,
    })
    .meta({ id: 'SegmentPage', description: 'A page of segments.' }),
  responseExamples: { page: { summary: 'A page', value: { data: [exampleSegment] } } },
  errors: [],
  input: z.object({ query: pageQuery }),
  names: argumentNames,
  handle: ({ reads, viewer }, { query }) =>
    respondWithPage(query, {
      scope: cursorScope('GET /segments', viewer.workspaceId),
      accepts: ({ sortKey }) => sortKey === undefined,
      invalidCursor,
      read: (page) => readSegmentsPage(reads, viewer.workspaceId, page),
      present: (segments) => readSegmentObjects(reads, viewer, segments),
    }),
});

/** The fields of the request body of `POST` and `PUT`. */
const definitionFields = {
  name: z.string().meta({ maxLength: MAX_SEGMENT_NAME_LENGTH, description: 'The name: printable characters.' }),
  description: z
    .string()
    .nullish()
    .meta({ maxLength: MAX_SEGMENT_DESCRIPTION_LENGTH, description: 'The description.' }),
  // Wrapped, because `filterSchema` already has the description of its type.
  where: z
    .lazy(() => filterSchema)
    .meta({
      description:
        'The filter that members match, as for `POST /users/search`. It can refer to lists and other segments by id.',
    }),
};

const createBody = z.object(definitionFields);

const SCOPES = `Also requires \`users:read\`, and, for a filter on lists, segments or events, \`lists:read\`,
\`segments:read\` or \`events:read\`.`;

const payingCustomers = { meta: [{ key: 'plan', string: { eq: 'pro' } }] };

export const createSegmentOperation = operation({
  operationId: 'createSegment',
  tag,
  method: 'POST',
  path: '/segments',
  summary: 'Create a Segment',
  description: `Creates a segment. Its members are computed in the background and then kept up to date. A workspace
can have at most ${MAX_SEGMENTS} segments. ${SCOPES}`,
  scope: 'segments:write',
  work: ({ body }) => 1 + workOfFilter(body),
  request: { body: createBody },
  requestExamples: {
    attribute: { summary: 'On an attribute', value: { name: 'Paying customers', where: payingCustomers } },
    window: {
      summary: 'At least three purchases in the last 30 days',
      value: {
        name: 'Active buyers',
        where: { events: [{ name: { eq: 'Paid' }, within: 'P30D', count: { gte: 3 } }] },
      },
    },
  },
  response: segmentObject,
  responseExamples: segmentExamples,
  errors: [],
  input: domainInput(newSegment(filterSchema), ({ body: { name, description, where } }) => ({
    name,
    description,
    where,
  })),
  checkSize: checkFilterSize,
  handle: async (context, input) => {
    requireUsersRead(context, 'Create a Segment');
    checkFilterScopes(context, input.where);
    return respondWithSegment(context, await createSegment(context.db, context.viewer, input));
  },
});

/** Returns the segment object. @throws {NotFoundError} if the segment was deleted concurrently. */
async function respondWithSegment(
  { reads, viewer }: RestContext,
  segment: Parameters<typeof readSegmentObjects>[2][number],
) {
  const [object] = await readSegmentObjects(reads, viewer, [segment]);
  if (!object) throw new NotFoundError('Segment');
  return object;
}

export const retrieveSegmentOperation = operation({
  operationId: 'retrieveSegment',
  tag,
  method: 'GET',
  path: '/segments/{id}',
  summary: 'Retrieve a Segment',
  description: 'Returns the segment object.',
  scope: 'segments:read',
  request: { params: idParams },
  requestExamples: {},
  response: segmentObject,
  responseExamples: segmentExamples,
  errors: [notFound],
  input: z.object({ params: idParams }),
  handle: async (context, { params }) => {
    const segment = (await readSegments(context.reads, context.viewer.workspaceId, [params.id])).get(params.id);
    if (!segment) throw new NotFoundError('Segment');
    return respondWithSegment(context, segment);
  },
});

export const updateSegmentOperation = operation({
  operationId: 'updateSegment',
  tag,
  method: 'PUT',
  path: '/segments/{id}',
  summary: 'Update a Segment',
  description: `Changes the name, the description or the filter of a segment; omitted fields are unchanged, and null
clears the description. After a change of the filter, the members are recomputed in the background; the segment keeps
its previous members until that is complete. ${SCOPES}`,
  scope: 'segments:write',
  work: ({ body }) => 1 + workOfFilter(body),
  request: { params: idParams, body: createBody.partial() },
  requestExamples: {
    rename: { summary: 'Another name', value: { name: 'Customers' } },
    filter: { summary: 'Another filter', value: { where: payingCustomers } },
  },
  response: segmentObject,
  responseExamples: segmentExamples,
  errors: [notFound, { status: 409, description: 'The filter would make the segment depend on itself.' }],
  input: domainInput(segmentUpdate(filterSchema), ({ params, body: { name, description, where } }) => ({
    segmentId: typeof params.id === 'string' ? params.id.toLowerCase() : params.id,
    name,
    description,
    where,
  })),
  names: { segmentId: 'id' },
  checkSize: checkFilterSize,
  handle: async (context, input) => {
    requireUsersRead(context, 'Update a Segment');
    checkFilterScopes(context, input.where ?? {});
    return respondWithSegment(context, await updateSegment(context.db, context.viewer, input));
  },
});

export const deleteSegmentOperation = operation({
  operationId: 'deleteSegment',
  tag,
  method: 'DELETE',
  path: '/segments/{id}',
  summary: 'Delete a Segment',
  description: 'Deletes a segment, with all suppressions in it. This cannot be undone.',
  scope: 'segments:write',
  request: { params: idParams },
  requestExamples: {},
  response: okObject,
  responseExamples: okExamples,
  errors: [notFound, { status: 409, description: 'Filters of other segments refer to the segment.' }],
  input: z.object({ params: idParams }),
  handle: async ({ db, viewer }, { params }) => {
    await deleteSegment(db, viewer, params.id);
    return { status: 'ok' };
  },
});

export const listSegmentUsersOperation = operation({
  operationId: 'listSegmentUsers',
  tag,
  method: 'GET',
  path: '/segments/{id}/users',
  summary: 'List the Users of a Segment',
  description: `Lists the members of a segment, suppressed ones included, newest user first. \`POST /users/search\`
lists them with a filter, a search or another order. Also requires \`users:read\`.`,
  scope: 'segments:read',
  work: () => PAGE_WORK,
  request: { params: idParams, query: pageQuery },
  requestExamples: {},
  response: userPage,
  responseExamples: userPageExamples,
  errors: [notFound],
  input: z.object({ params: idParams, query: pageQuery }),
  names: argumentNames,
  handle: async (context, { params, query }) => {
    const { reads, viewer } = context;
    requireUsersRead(context, 'List the Users of a Segment');
    const segments = await readSegments(reads, viewer.workspaceId, [params.id]);
    if (!segments.has(params.id)) throw new NotFoundError('Segment');
    return respondWithPage(query, {
      scope: cursorScope('GET /segments/{id}/users', viewer.workspaceId, params.id),
      accepts: ({ sortKey }) => sortKey === undefined,
      invalidCursor,
      read: (page) => readSegmentMembersPage(reads, viewer.workspaceId, params.id, page),
      present: (users) => readUserObjects(reads, viewer.workspaceId, users),
    });
  },
});
