import { addEvent } from '../../domain/events/add.ts';
import { idempotencyHeaders, KEY_BUSY, keyMisused } from '../idempotency-key.ts';
import { ignoredAttributes, preferHeaders } from '../ignored-input.ts';
import { operation } from '../operation.ts';
import { addEventInput, eventBody, uidParams } from '../schemas.ts';
import { okExamples, okObject } from '../users.ts';

const addedEvent = okObject
  .extend({ ignored: ignoredAttributes })
  .meta({ id: 'AddedEvent', description: 'The event was added.' });

export const addEventOperation = operation({
  operationId: 'addEvent',
  method: 'POST',
  path: '/users/{uid}/events',
  summary: 'Add User events',
  description: 'Adds an event of the user, such as a purchase. Can be called with the public key alone.',
  scope: 'events:write',
  request: { params: uidParams, headers: idempotencyHeaders.extend(preferHeaders.shape), body: eventBody },
  attributes: 'properties',
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
  response: addedEvent,
  responseExamples: okExamples,
  errors: [
    { status: 404, description: 'The user does not exist.' },
    { status: 409, description: `The event was not added: ${KEY_BUSY}.` },
    keyMisused,
  ],
  input: addEventInput,
  names: { name: 'event' },
  handle: async ({ db, viewer }, input) => {
    await addEvent(db, viewer, input);
    return { status: 'ok' };
  },
});
