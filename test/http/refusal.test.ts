import { expect, it } from 'vitest';
import { refusalOf } from '../../src/http/refusal.ts';

it('takes an upload that its sender gave up for the sender’s fault, whatever the code of the socket', () => {
  const aborted = Object.assign(new Error('aborted'), { code: 'ECONNRESET', statusCode: 400 });
  expect(refusalOf(aborted)).toEqual({ status: 400, code: 'BAD_USER_INPUT', message: 'aborted' });
});

it('takes a lost connection to the database for unavailability', () => {
  const lost = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  expect(refusalOf(lost)).toMatchObject({ status: 503, code: 'SERVICE_UNAVAILABLE', headers: { 'retry-after': '1' } });
});

it('tells nothing of an error that nobody expected', () => {
  expect(refusalOf(new Error('secret'))).toEqual({
    status: 500,
    code: 'INTERNAL_SERVER_ERROR',
    message: 'Unexpected error.',
  });
});
