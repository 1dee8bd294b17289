import { z } from 'zod';
import { addEvent } from '../../domain/events/add.ts';
import { okExamples } from '../examples.ts';
import { idempotencyHeaders, KEY_BUSY, keyMisused, toIdempotencyKey } from '../idempotency-key.ts';
import { eventBody, uidParams } from '../schemas.ts';
import { okObject } from '../users.ts';
import { operation } from '../operation.ts';
import { toNewEvent } from '../users.ts';

export const addEventOperation = operation({
  operationId: 'addEvent',
  method: 'POST',
  path: '/users/{uid}/events',
  summary: 'Add User events',
  description: 'Adds an action or event of the user on your application. Works with username authentication.',
  scope: 'events:write',
  input: z.object({ params: uidParams, headers: idempotencyHeaders, body: eventBody }),
  requestExamples: {
    cart: {
      summary: 'With properties',
      value: {
        event: 'Add to cart',
        timestamp: '2020-05-30T09:30:10Z',
        properties: { product: 'T123', currency: 'USD', amount: 12.99 },
      },
    },
    paid: { summary: 'With a value', value: { event: 'Paid', value: 49.99 } },
  },
  response: okObject,
  responseExamples: okExamples,
  operationChecks: [
    { status: 404, description: 'There is no such user.' },
    { status: 409, description: `Not done: ${KEY_BUSY}.` },
    keyMisused,
  ],
  handle: async ({ db, viewer }, { params, headers, body }) => {
    await addEvent(db, viewer, { ...toNewEvent(params.uid, body), ...toIdempotencyKey(headers) });
    return { status: 'ok' };
  },
});
