import type { InjectOptions } from 'fastify';
import { expect } from 'vitest';
import { z } from 'zod';
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

const refusal = z.object({ errors: z.array(z.object({ extensions: z.object({ code: z.string() }) })).min(1) });

/** Expects that a request was refused as the caller's fault, in GraphQL's shape. */
export function expectRejection(response: { statusCode: number; json(): unknown }, code?: string): void {
  expect(response.statusCode).toBeLessThan(500);
  const codes = refusal.parse(response.json()).errors.map(({ extensions }) => extensions.code);
  for (const given of codes) expect(callersCodes).toContain(given);
  if (code) expect(codes).toContain(code);
}
