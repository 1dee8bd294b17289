import { expect, it } from 'vitest';
import { createJsonLogger } from '../../../src/telemetry/logger.ts';
import { describeError, redactLine } from '../../../src/telemetry/redact.ts';

it.each([
  ['an address', 'of ada@mail.example.', 'of [address]'],
  ['an address in a path', 'GET /v1/users/ada+x@mail.example/tokens', 'GET /v1/users/[address]/tokens'],
  ['an address in a URL', '/v1/users/ada%40mail.example?x', '/v1/users/[address]'],
  ['a secret', 'pk_abc:sk_a-b_c1"', 'pk_abc:[secret]"'],
  ['credentials', 'Authorization: Basic cGs6c2s=', 'Authorization: Basic [credentials]'],
  ['a token', 'bearer ey.J-_.x', 'bearer [credentials]'],
  ['a password in a URL', 'postgres://u:password@host:5432/db', 'postgres://u:[address]:5432/db'],
])('redacts %s in a line', (_name, line, redacted) => {
  expect(redactLine(line)).toBe(redacted);
});

it('does not change paths of scoped packages', () => {
  const line = 'at f (/app/node_modules/@prisma/client/x.js:1:2)';
  expect(redactLine(line)).toBe(line);
});

it('takes linear time for a long line', () => {
  const started = performance.now();
  redactLine(`${'x'.repeat(200_000)} a@b`);
  expect(performance.now() - started).toBeLessThan(2_000);
});

it.each([
  ['column users.workspace_id does not exist', '42703', 'column users.workspace_id does not exist'],
  ['relation "users" does not exist', '42P01', 'relation "users" does not exist'],
  ['rejected u144 of a row', 'P0001', 'An exception was raised by SQL.'],
  ['invalid input syntax for type uuid: "u144"', '22P02', 'invalid input syntax for type uuid: "…"'],
  ['Code: `22P02`. Message: `bad "a" and "b"`', 'P2010', 'Code: `22P02`. Message: `bad "…"`'],
  [
    'Unexpected token \'x\', "{"meta":"a b" is not valid JSON',
    undefined,
    'Unexpected token \'x\', "…" is not valid JSON',
  ],
])('removes values from the message %s', (message, code, kept) => {
  const described = describeError(Object.assign(new Error(message), { code }));
  expect(described?.message).toBe(kept);
  expect(described?.stack.split('\n    at ')[0]).toBe(`Error: ${kept}`);
});

it('logs only safe properties of an error and its causes', () => {
  const inner = Object.assign(new RangeError('within'), { detail: 'Key (email)=(a)', table: 'users' });
  const error = Object.assign(new Error('around', { cause: inner }), {
    code: '23514',
    statement: 'setUid',
    where: 'x',
    parameters: ['x'],
  });
  expect(describeError(error)).toEqual({
    type: 'Error',
    message: 'around',
    code: '23514',
    statement: 'setUid',
    stack: expect.stringContaining('redact.test.ts'),
    cause: { type: 'RangeError', message: 'within', table: 'users', stack: expect.any(String) },
  });
});

it('hides properties that contain personal data, and logs requests by route', () => {
  const lines: string[] = [];
  const log = createJsonLogger('info', { write: (line) => lines.push(line) });
  const request = { method: 'GET', url: '/users/u1', routeOptions: { url: '/users/:uid' } };
  log.child({ requestId: 'r' }).info({ variables: { a: 1 }, meta: 1, headers: { a: 1 }, req: request, of: 'a@b.c' });
  const hidden = { variables: '[hidden]', meta: '[hidden]', headers: '[hidden]', of: '[address]' };
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ ...hidden, req: { method: 'GET', route: '/users/:uid' } });
  expect(lines[0]).not.toContain('u1');
});
