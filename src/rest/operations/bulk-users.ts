import { z } from 'zod';
import { upsertUsers } from '../../domain/users/upsert-users.ts';
import { KEY_BUSY, keyMisused } from '../idempotency-key.ts';
import { ignoredOfItem, type RawRequest } from '../ignored-input.ts';
import { operation, type RestContext } from '../operation.ts';
import { uidParams, updateBody } from '../schemas.ts';
import {
  bulkHeaders,
  checkCount,
  errorPolicy,
  failedItem,
  ignoredItemFields,
  itemsIn,
  objectOf,
  parsedHeaders,
  parseItem,
  policyOf,
  respond,
  statusOf,
} from './bulk.ts';
import { updateUserOperation } from './users.ts';

const bulkUser = updateBody.omit({ id: true }).extend({ uid: uidParams.shape.uid });

const upsertedUsers = z
  .object({
    written: z.int().meta({ description: 'The number of users that were updated or created.' }),
    failed: z.int().meta({ description: 'The number of users that were not.' }),
    results: z
      .array(
        z.union([
          z.object({
            index: z.int().meta({ description: 'The position of the user in the request, from 0.' }),
            status: z.literal('ok'),
            id: z.string().meta({ description: 'The internal identifier of the user.' }),
            created: z.boolean().meta({ description: 'Whether the request created the user.' }),
            ignored: ignoredOfItem,
          }),
          failedItem,
        ]),
      )
      .meta({ description: 'A result for each user, in the same order.' }),
  })
  .meta({ id: 'UpsertedUsers', description: 'The results of the users.' });

/** A user of a bulk request as a request of `updateUser`. */
function toUserRequest(item: unknown, index: number, prefer: unknown): RawRequest {
  const { uid, ...body } = objectOf(item, 'users', index);
  return { params: { uid }, query: {}, headers: { Prefer: prefer }, body };
}

export const upsertUsersOperation = operation({
  operationId: 'upsertUsers',
  tag: 'Bulk',
  method: 'POST',
  path: '/users/bulk',
  summary: 'Update or create many users',
  description: `Updates or creates users in one transaction, each like \`PUT /users/{uid}\`. Each user costs the points of a write. Can be
called with the public key alone, except for changes that require \`users:write\` or \`lists:write\`. The status is 422 if no user was
written because some failed; \`results\` says why.`,
  scope: 'users:identify',
  request: {
    headers: bulkHeaders,
    body: z.object({
      users: z.array(bulkUser).meta({
        description: 'The users: at most 500 by default. Users with the same uid are written in order.',
      }),
      error_policy: errorPolicy,
    }),
  },
  requestExamples: {
    two: {
      summary: 'Two users',
      value: {
        users: [
          { uid: 'u144', first_name: 'Ada', meta: { plan: 'pro' } },
          { uid: 'u145', email: 'b.okafor@example.com', created_at: '2021-01-12T05:24:39.062+00:00' },
        ],
        error_policy: 'skip_failed',
      },
    },
  },
  response: upsertedUsers,
  responseExamples: {
    partial: {
      summary: 'One of two users was written',
      value: {
        written: 1,
        failed: 1,
        results: [
          { index: 0, status: 'ok', id: '0176f50e-e282-7383-8ffa-b83c2458bb2a', created: false },
          {
            index: 1,
            status: 'failed',
            error: 'email must be an email address',
            code: 'VALIDATION_FAILED',
            issues: [{ path: ['email'], code: 'INVALID_EMAIL', message: 'must be an email address' }],
          },
        ],
      },
    },
  },
  errors: [
    { status: 409, description: `No user was written: ${KEY_BUSY}.` },
    { ...keyMisused, description: `${keyMisused.description} Or no user was written because some failed.` },
  ],
  input: z.object({
    headers: parsedHeaders,
    body: z.object({ users: z.array(z.unknown()), error_policy: errorPolicy }),
  }),
  itemsOf: (request) => itemsIn(request, 'users').length,
  checkSize: ({ limits }, request) => checkCount(itemsIn(request, 'users').length, 'users', limits.bulkUsers),
  statusOf,
  ignoredItemFields: ignoredItemFields('users'),
  handle: async ({ db, viewer }: RestContext, { headers: sent, body }) => {
    const items = body.users.map((user, index) =>
      parseItem(updateUserOperation.parse, () => toUserRequest(user, index, sent.Prefer)),
    );
    const outcomes = await upsertUsers(
      db,
      viewer,
      items.map(({ outcome }) => outcome),
      { errorPolicy: policyOf(body.error_policy), idempotencyKey: sent['Idempotency-Key'] },
    );
    return respond(outcomes, items, ({ user, created }) => ({ id: user.id, created }));
  },
});
