import type { FastifyRequest } from 'fastify';
import type { GraphQLAnswer } from './direct.ts';
import { EmptyErrorResponse } from '../errors.ts';
import type { GraphQLServer, RequestContext } from './yoga.ts';

/** Answers any request, by Yoga's handler. @throws {EmptyErrorResponse} where that has a status to say and nothing else. */
export async function executeWithYoga(
  server: GraphQLServer,
  request: FastifyRequest,
  context: RequestContext,
): Promise<GraphQLAnswer> {
  const response = await server.fetch(toFetch(request), context);
  const body = await response.text();
  if (body === '' && !response.ok) throw new EmptyErrorResponse(response.status);
  return { status: response.status, headers: Object.fromEntries(response.headers), body };
}

/**
 * The request as Yoga takes it. Fastify has found the way here, whatever the address looks like, and has read, bounded
 * and decoded the body, which is empty where a POST has none.
 */
function toFetch({ url, method, headers, body }: FastifyRequest): Request {
  const given = new Headers();
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) given.set(name, [value].flat().join(', '));
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  if (method !== 'POST') return new Request(`http://localhost/graphql${query}`, { method, headers: given });
  if (typeof body === 'string') given.set('content-type', 'application/json; charset=utf-8');
  return new Request(`http://localhost/graphql${query}`, {
    method,
    headers: given,
    body: typeof body === 'string' ? body : '',
  });
}
