import type { InjectOptions } from 'fastify';
import { expect } from 'vitest';
import { z } from 'zod';
import type { startApp } from './app.ts';

/** Codes of client errors. */
const clientErrorCodes = [
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'LIMIT_EXCEEDED',
  'UNAUTHENTICATED',
  'FORBIDDEN',
];

/** Sends raw bytes to the GraphQL API as the owner. */
export async function post(
  { app, owner }: Awaited<ReturnType<typeof startApp>>,
  payload: string | Buffer,
  options: InjectOptions = {},
) {
  const headers = { 'content-type': 'application/json', authorization: owner, ...options.headers };
  return app.inject({ method: 'POST', url: '/graphql', ...options, headers, payload });
}

const rejection = z.object({ errors: z.array(z.object({ extensions: z.object({ code: z.string() }) })).min(1) });

/** Expects a client error in GraphQL's format. */
export function expectRejection(response: { statusCode: number; json(): unknown }, code?: string): void {
  expect(response.statusCode).toBeLessThan(500);
  const codes = rejection.parse(response.json()).errors.map(({ extensions }) => extensions.code);
  for (const received of codes) expect(clientErrorCodes).toContain(received);
  if (code) expect(codes).toContain(code);
}
