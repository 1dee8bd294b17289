import type { InjectOptions } from 'fastify';
import { expect } from 'vitest';
import type { startApp } from './app.ts';

/** Codes of the contract that blame the caller. */
const callersCodes = [
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'LIMIT_EXCEEDED',
  'UNAUTHENTICATED',
  'FORBIDDEN',
];

/** Sends any bytes to the GraphQL door as the owner. */
export async function post(
  { app, owner }: Awaited<ReturnType<typeof startApp>>,
  payload: string | Buffer,
  options: InjectOptions = {},
) {
  const headers = { 'content-type': 'application/json', authorization: owner, ...options.headers };
  return app.inject({ method: 'POST', url: '/graphql', ...options, headers, payload });
}

/** Expects that a request was refused as the caller's fault, in GraphQL's shape. */
export function expectRefusal(response: { statusCode: number; json(): unknown }, code?: string): void {
  expect(response.statusCode).toBeLessThan(500);
  expect(response.json()).toMatchObject({
    errors: expect.arrayContaining([
      expect.objectContaining({ extensions: expect.objectContaining({ code: code ?? expect.any(String) }) }),
    ]),
  });
  const { errors } = response.json() as { errors: { extensions: { code: string } }[] };
  for (const { extensions } of errors) expect(callersCodes).toContain(extensions.code);
}
