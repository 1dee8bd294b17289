import { z } from 'zod';
import { addEvents } from '../../domain/events/add-many.ts';
import { isJsonObject } from '../../domain/shared/attributes.ts';
import { type ErrorPolicy, errorPolicies, isFailure, type Outcome } from '../../domain/shared/bulk.ts';
import { type DomainError, ValidationError, type ValidationIssue } from '../../domain/shared/errors.ts';
import { errorBody } from '../error-handler.ts';
import { idempotencyHeaders, KEY_BUSY, keyMisused } from '../idempotency-key.ts';
import { ignoredOfItem, preferHeaders, type RawRequest } from '../ignored-input.ts';
import { operation, type ParsedRequest, type RestContext, withRestNames } from '../operation.ts';
import { eventBody, uidParams } from '../schemas.ts';
import { addEventOperation } from './events.ts';

// Operations with many inputs. Each input is validated like a request of the operation for one, and has a result of its own.

export const errorPolicy = z
  .enum(['reject_all', 'skip_failed'])
  .default('reject_all')
  .meta({
    description: `Whether inputs are written if others fail: \`reject_all\` writes nothing unless all inputs can be written, \`skip_failed\`
writes all that can.`,
  });

export const policyOf = (value: z.output<typeof errorPolicy>): ErrorPolicy =>
  errorPolicies.find((policy) => policy.toLowerCase() === value) ?? 'REJECT_ALL';

/** The headers of a bulk request, for the OpenAPI document. */
export const bulkHeaders = idempotencyHeaders.extend(preferHeaders.shape);

/** The headers of a bulk request; `Prefer` is that of each input. */
export const parsedHeaders = z.object({
  'Idempotency-Key': idempotencyHeaders.shape['Idempotency-Key'],
  Prefer: z.unknown().optional(),
});

/** The result of an input that was not written. */
export const failedItem = z.object({
  index: z.int().meta({ description: 'The position of the input in the request, from 0.' }),
  status: z.literal('failed'),
  error: z.string().meta({ description: 'A message for humans.' }),
  code: z.string().meta({
    description: 'A stable error code; `BATCH_REJECTED` if only other inputs failed.',
  }),
  issues: z.array(z.object({ path: z.array(z.string()), code: z.string(), message: z.string() })).optional(),
});

/** An input of a bulk request after validation, with what is not stored of it. */
interface ParsedItem<Input> {
  outcome: Outcome<Input>;
  /** The fields and attributes that are not stored. */
  ignored: ValidationIssue[];
}

/** Validates an input like the request of an operation. @param toRequest throws a `ValidationError` if it is not an object. */
export function parseItem<Input>(
  parse: (request: RawRequest) => ParsedRequest<Input>,
  toRequest: () => RawRequest,
): ParsedItem<Input> {
  try {
    const { input, unusedFields, ignored } = parse(toRequest());
    return { outcome: input as Outcome<Input>, ignored: [...unusedFields, ...ignored] };
  } catch (error) {
    if (error instanceof ValidationError) return { outcome: { error: withItemNames(error) }, ignored: [] };
    throw error;
  }
}

/** An input is part of the body, where its key is a field and not a header. */
const withItemNames = ({ issues }: ValidationError): ValidationError =>
  new ValidationError(
    issues.map(({ path, code, message }) => ({
      path: path.map((name) => (name === 'Idempotency-Key' ? 'idempotency_key' : name)),
      code,
      message: message.replace('Idempotency-Key', 'idempotency_key'),
    })),
  );

/** The input at a position of a request. @throws {ValidationError} if it is not an object. */
export function objectOf(item: unknown, name: string, index: number): Readonly<Record<string, unknown>> {
  if (isJsonObject(item)) return item;
  throw new ValidationError([{ path: [name, String(index)], code: 'INVALID_TYPE', message: 'must be a JSON object' }]);
}

const inRestNames = (error: DomainError): DomainError =>
  error instanceof ValidationError ? new ValidationError(withRestNames(error.issues)) : error;

/** The response of a bulk operation. @param resultOf the result of an input that was written. */
export function respond<Result>(
  outcomes: readonly Outcome<Result>[],
  items: readonly ParsedItem<unknown>[],
  resultOf: (result: Result) => object,
) {
  const results = outcomes.map((outcome, index) => {
    const { outcome: parsed, ignored = [] } = items[index] ?? {};
    if (isFailure(outcome)) {
      // The errors of parsing have the names of REST already.
      const error = isFailure(parsed) ? outcome.error : inRestNames(outcome.error);
      return { index, status: 'failed' as const, ...errorBody(error) };
    }
    return { index, status: 'ok' as const, ...resultOf(outcome), ...(ignored.length > 0 ? { ignored } : {}) };
  });
  const failed = outcomes.filter(isFailure).length;
  return { written: outcomes.length - failed, failed, results };
}

const respondedItems = z.object({
  results: z.array(z.object({ index: z.int(), ignored: z.array(z.object({ path: z.array(z.string()) })).optional() })),
});

/** The paths in `X-Ignored-Fields`, such as `users.0.fristname`. @param name of the list in the request. */
export const ignoredItemFields =
  (name: string) =>
  (body: object): string[] =>
    respondedItems
      .parse(body)
      .results.flatMap(({ index, ignored = [] }) => ignored.map(({ path }) => [name, index, ...path].join('.')));

/** 422 if nothing was written because inputs failed, so that clients that check the status alone notice it. */
export const statusOf = (body: object) =>
  'written' in body && body.written === 0 && 'failed' in body && body.failed !== 0 ? 422 : 200;

const bulkEvent = eventBody.extend({
  uid: uidParams.shape.uid,
  idempotency_key: idempotencyHeaders.shape['Idempotency-Key'],
});

const addedEvents = z
  .object({
    written: z.int().meta({ description: 'The number of events that exist now.' }),
    failed: z.int().meta({ description: 'The number of events that were not added.' }),
    results: z
      .array(
        z.union([
          z.object({
            index: z.int().meta({ description: 'The position of the event in the request, from 0.' }),
            status: z.literal('ok'),
            id: z.string().meta({ description: 'The id of the event.' }),
            ignored: ignoredOfItem,
          }),
          failedItem,
        ]),
      )
      .meta({ description: 'A result for each event, in the same order.' }),
  })
  .meta({ id: 'AddedEvents', description: 'The results of the events.' });

const eventsBody = z.object({
  events: z.array(bulkEvent).meta({ description: 'The events: at most 1,000 by default.' }),
  error_policy: errorPolicy,
});

/** The list of a bulk request; it is validated item by item. */
export const itemsIn = ({ body }: RawRequest, name: string): readonly unknown[] => {
  const items = isJsonObject(body) ? body[name] : undefined;
  return Array.isArray(items) ? items : [];
};

/** @throws {ValidationError} if there are too many inputs. */
export function checkCount(count: number, name: string, limit: number): void {
  if (count <= limit) return;
  throw new ValidationError([
    { path: [name], code: 'TOO_MANY', message: `must have at most ${limit} items; got ${count}` },
  ]);
}

/** An event of a bulk request as a request of `addEvent`. */
function toEventRequest(item: unknown, index: number, prefer: unknown): RawRequest {
  const { uid, idempotency_key: key, ...body } = objectOf(item, 'events', index);
  return { params: { uid }, query: {}, headers: { 'Idempotency-Key': key ?? undefined, Prefer: prefer }, body };
}

const addEventsInput = z.object({
  headers: parsedHeaders,
  body: z.object({ events: z.array(z.unknown()), error_policy: errorPolicy }),
});

export const addEventsOperation = operation({
  operationId: 'addEvents',
  tag: 'Bulk',
  method: 'POST',
  path: '/events/bulk',
  summary: 'Add many events',
  description: `Adds events of any users in one transaction. Each event costs the points of a write. Can be called with the public key
alone. The status is 422 if no event was added because some failed; \`results\` says why.`,
  scope: 'events:write',
  request: { headers: bulkHeaders, body: eventsBody },
  requestExamples: {
    two: {
      summary: 'Two events',
      value: {
        events: [
          { uid: 'u144', event: 'Paid', value: 49.99, idempotency_key: 'order-1' },
          { uid: 'u145', event: 'Add to cart', timestamp: '2020-05-30T09:30:10Z', properties: { product: 'T123' } },
        ],
        error_policy: 'skip_failed',
      },
    },
  },
  response: addedEvents,
  responseExamples: {
    partial: {
      summary: 'One of two events was added',
      value: {
        written: 1,
        failed: 1,
        results: [
          { index: 0, status: 'ok', id: '0176f50e-e282-7383-8ffa-b83c2458bb2a' },
          { index: 1, status: 'failed', error: 'User not found.', code: 'NOT_FOUND' },
        ],
      },
    },
  },
  errors: [
    { status: 409, description: `No event was added: ${KEY_BUSY}.` },
    { ...keyMisused, description: `${keyMisused.description} Or no event was added because some failed.` },
  ],
  input: addEventsInput,
  itemsOf: (request) => itemsIn(request, 'events').length,
  checkSize: ({ limits }, request) => checkCount(itemsIn(request, 'events').length, 'events', limits.bulkEvents),
  statusOf,
  ignoredItemFields: ignoredItemFields('events'),
  handle: async ({ db, viewer }: RestContext, { headers: sent, body }) => {
    const items = body.events.map((event, index) =>
      parseItem(addEventOperation.parse, () => toEventRequest(event, index, sent.Prefer)),
    );
    const outcomes = await addEvents(
      db,
      viewer,
      items.map(({ outcome }) => outcome),
      { errorPolicy: policyOf(body.error_policy), idempotencyKey: sent['Idempotency-Key'] },
    );
    return respond(outcomes, items, ({ id }) => ({ id }));
  },
});
