import { expect, it } from 'vitest';
import { toErrorResponse } from '../../../src/http/error-response.ts';

const databaseTimeouts = { statementMs: 1, lockMs: 2, poolWaitMs: 3, userQueueMs: 4, countMs: 5 };
const request = { headers: {}, routeOptions: { bodyLimit: 10 }, server: { databaseTimeouts } };

it('maps an aborted upload to 400, regardless of the socket error code', () => {
  const aborted = Object.assign(new Error('aborted'), { code: 'ECONNRESET', statusCode: 400 });
  expect(toErrorResponse(aborted, request)).toEqual({ status: 400, code: 'BAD_USER_INPUT', message: 'aborted' });
});

it('maps a lost database connection to 503', () => {
  const lost = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  expect(toErrorResponse(lost, request)).toMatchObject({
    status: 503,
    code: 'SERVICE_UNAVAILABLE',
    headers: { 'retry-after': '1' },
  });
});

it('exposes no details of unexpected errors', () => {
  expect(toErrorResponse(new Error('secret'), request)).toEqual({
    status: 500,
    code: 'INTERNAL_SERVER_ERROR',
    message: 'Unexpected error.',
  });
});

it('names the size of a body, if known, and the limit', () => {
  const error = Object.assign(new Error('Request body is too large'), { statusCode: 413 });
  const sent = { ...request, headers: { 'content-length': '11' } };
  expect(toErrorResponse(error, sent).message).toBe('The body must have at most 10 bytes; got 11.');
  expect(toErrorResponse(error, request).message).toBe('The body must have at most 10 bytes.');
});
