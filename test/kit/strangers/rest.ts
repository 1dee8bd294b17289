import type { InjectOptions } from 'fastify';
import { z } from 'zod';
import { openApiDocument } from '../../../src/rest/openapi.ts';
import type { Operation } from '../../../src/rest/operation.ts';
import type { AllNames } from './names.ts';

/** Parameters that name something of a workspace, wherever they are, and the values to try with them. */
export const restNaming: Readonly<Record<string, (names: AllNames) => unknown[]>> = {
  uid: ({ uid, email }) => [uid, email],
  id: ({ uid }) => [uid],
  token: ({ token }) => [token],
  device_token: ({ token }) => [token],
  lists: ({ list }) => [[list]],
  email: ({ email }) => [email],
  idempotency_key: ({ idempotencyKey }) => [idempotencyKey],
  'Idempotency-Key': ({ idempotencyKey }) => [idempotencyKey],
};

/** Those that name nothing; cursors have a test of their own. */
export const restNeutral: readonly string[] = [
  ...['limit', 'next_cursor', 'previous_cursor', 'first_name', 'last_name', 'number', 'device_platform', 'meta'],
  ...['created_at', 'event', 'value', 'properties', 'timestamp'],
];

const Documented = z.object({
  parameters: z.array(z.object({ name: z.string() })).default([]),
  requestBody: z
    .object({
      content: z.object({
        'application/json': z.object({
          schema: z.object({ properties: z.record(z.string(), z.unknown()).default({}) }),
        }),
      }),
    })
    .optional(),
});
const Paths = z.record(z.string(), z.record(z.string(), z.unknown()));

/** Every parameter of an operation, as the OpenAPI document has them: of the path, the query and the body. */
export function parametersOf({ method, path }: Operation): string[] {
  const documented = Documented.parse(Paths.parse(openApiDocument.paths)[path]?.[method.toLowerCase()]);
  const body = documented.requestBody?.content['application/json'].schema.properties ?? {};
  return [...documented.parameters.map(({ name }) => name), ...Object.keys(body)];
}

/** A request with the caller's own in its path, the least that it requires in its body, and one parameter with another value. */
export function restRequest(
  { method, path }: Operation,
  own: AllNames,
  freshUid: string,
  tried?: string,
  value?: unknown,
): InjectOptions {
  const inPath: Record<string, string> = { uid: own.uid, token: own.token };
  if (tried && tried in inPath) inPath[tried] = String(value);
  const url = `/v1${path.replaceAll(/\{(\w+)\}/g, (_text, name: string) => encodeURIComponent(inPath[name] ?? ''))}`;
  const further = tried && !(tried in inPath) ? { [tried]: value } : {};
  if (method === 'GET')
    return {
      method,
      url,
      query: Object.fromEntries(Object.entries(further).map(([name, one]) => [name, String(one)])),
    };
  if (method === 'DELETE') return { method, url };
  const required = path.endsWith('/events') ? { event: 'Paid' } : path === '/users' ? { id: freshUid } : {};
  const device = tried === 'device_token' ? { device_platform: 'ios' } : {};
  return { method, url, payload: JSON.stringify({ ...required, ...device, ...further }) };
}

export const restHeaders = (authorization: string) => ({ authorization, 'content-type': 'application/json' });
