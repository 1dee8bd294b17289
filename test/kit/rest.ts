import type { InjectOptions } from 'fastify';
import { expect } from 'vitest';
import { z } from 'zod';
import type { startApp } from './app.ts';

export type Gateway = Awaited<ReturnType<typeof startApp>>;

/** A response of the REST API. */
export interface RestAnswer {
  status: number;
  body: unknown;
}

/** Sends a request, without credentials by default, and expects a JSON response. */
export async function inject({ app }: Pick<Gateway, 'app'>, request: InjectOptions): Promise<RestAnswer> {
  const response = await app.inject(request);
  expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
  return { status: response.statusCode, body: response.json() };
}

/** A client of the REST API. Like the official clients, it sends `Content-Type: application/json` with every request. */
export interface RestCaller {
  get(path: string): Promise<RestAnswer>;
  post(path: string, body?: unknown): Promise<RestAnswer>;
  put(path: string, body?: unknown): Promise<RestAnswer>;
  delete(path: string): Promise<RestAnswer>;
}

/** A client of the REST API with credentials; default: the owner's. */
export function restOf(gateway: Gateway, caller: string = gateway.owner): RestCaller {
  const headers = { authorization: caller, 'content-type': 'application/json;charset=utf-8' };
  const send = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: unknown) =>
    inject(gateway, { method, url, headers, ...(body === undefined ? {} : { payload: JSON.stringify(body) }) });
  return {
    get: (path) => send('GET', path),
    post: (path, body) => send('POST', path, body),
    put: (path, body) => send('PUT', path, body),
    delete: (path) => send('DELETE', path),
  };
}

const pageAnswer = z.strictObject({
  data: z.array(z.object({ uid: z.string() })),
  next_cursor: z.string().optional(),
  previous_cursor: z.string().optional(),
});

/** The uids and cursors of a page of users. */
export function pageIn(body: unknown) {
  const { data, next_cursor: next, previous_cursor: previous } = pageAnswer.parse(body);
  return { uids: data.map(({ uid }) => uid), next, previous };
}
