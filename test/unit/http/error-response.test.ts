import { expect, it } from 'vitest';
import { refusalOf } from '../../../src/http/error-response.ts';

const timeouts = { statementMs: 1, lockMs: 2, poolWaitMs: 3 };
const request = { headers: {}, routeOptions: { bodyLimit: 10 }, server: { timeouts } };

it('takes an upload that its sender gave up for the sender’s fault, whatever the code of the socket', () => {
  const aborted = Object.assign(new Error('aborted'), { code: 'ECONNRESET', statusCode: 400 });
  expect(refusalOf(aborted, request)).toEqual({ status: 400, code: 'BAD_USER_INPUT', message: 'aborted' });
});

it('takes a lost connection to the database for unavailability', () => {
  const lost = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  expect(refusalOf(lost, request)).toMatchObject({
    status: 503,
    code: 'SERVICE_UNAVAILABLE',
    headers: { 'retry-after': '1' },
  });
});

it('tells nothing of an error that nobody expected', () => {
  expect(refusalOf(new Error('secret'), request)).toEqual({
    status: 500,
    code: 'INTERNAL_SERVER_ERROR',
    message: 'Unexpected error.',
  });
});

it('says how large a body is, and may be', () => {
  const error = Object.assign(new Error('Request body is too large'), { statusCode: 413 });
  const sent = { ...request, headers: { 'content-length': '11' } };
  expect(refusalOf(error, sent).message).toBe('The body has 11 bytes; the limit is 10.');
  expect(refusalOf(error, request).message).toBe('The body has more than 10 bytes; the limit is 10.');
});
