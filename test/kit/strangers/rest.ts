import type { InjectOptions } from 'fastify';
import { z } from 'zod';
import { decodeIdOf } from '../../../src/graphql/schema/global-id.ts';
import { openApiDocument } from '../../../src/rest/openapi.ts';
import type { Operation } from '../../../src/rest/operation.ts';
import type { AllNames } from './names.ts';

/** Parameters that name an object of a workspace, and the values to try. */
export const restNaming: Readonly<Record<string, (names: AllNames) => unknown[]>> = {
  uid: ({ uid, email }) => [uid, email],
  // Of a new user, of a segment and an import, or of an export.
  id: ({ uid, importJob, exportJob }) => [uid, importJob, exportJob],
  segment: ({ segment }) => [decodeIdOf('Segment', segment)],
  token: ({ token }) => [token],
  device_token: ({ token }) => [token],
  lists: ({ list }) => [[list]],
  'lists[]': ({ list }) => [list],
  email: ({ email }) => [email],
  search: ({ uid, email }) => [uid, email],
  where: ({ uid, email, list, segment }) => [
    { uid: { eq: uid } },
    { email: { eq: email } },
    { lists: { some: { list_ids: [decodeIdOf('List', list)] } } },
    { segments: { some: { segment_ids: [decodeIdOf('Segment', segment)] } } },
  ],
  events: ({ uid, idempotencyKey }) => [
    [{ uid, event: 'Paid' }],
    [{ uid, event: 'Paid', idempotency_key: idempotencyKey }],
  ],
  users: ({ uid, email, list, token }) => [
    [{ uid }],
    [{ uid: 'another', email }],
    [{ uid, lists: [decodeIdOf('List', list)] }],
    [{ uid: 'another', device_token: token, device_platform: 'ios' }],
  ],
  idempotency_key: ({ idempotencyKey }) => [idempotencyKey],
  'Idempotency-Key': ({ idempotencyKey }) => [idempotencyKey],
};

/** All other parameters; cursors have their own test. */
export const restOther: readonly string[] = [
  ...['limit', 'next_cursor', 'previous_cursor', 'first_name', 'last_name', 'number', 'device_platform', 'meta'],
  ...['created_at', 'event', 'value', 'properties', 'timestamp'],
  ...['is_account', 'tz', 'app_version', 'app_build', 'app_last_active', 'Prefer'],
  'Usergraph-Read-After',
  ...['created_after', 'created_before', 'order_by'],
  ...['name', 'description', 'error_policy'],
  ...['type', 'format', 'gzip'],
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

/** All parameters of an operation in the OpenAPI document: in the path, the query, the headers and the body. */
export function parametersOf({ method, path }: Operation): string[] {
  const documented = Documented.parse(Paths.parse(openApiDocument.paths)[path]?.[method.toLowerCase()]);
  const body = documented.requestBody?.content['application/json'].schema.properties ?? {};
  return [...documented.parameters.map(({ name }) => name), ...Object.keys(body)];
}

/** The fields that bodies require, by path. */
const requiredFields: Readonly<Record<string, (freshUid: string) => object>> = {
  '/users': (id) => ({ id }),
  '/exports': () => ({ type: 'users' }),
  '/segments': () => ({ name: 'Another', where: {} }),
};

/** A request with the caller's own names in its path, the required fields in its body, and another value for one parameter. */
export function restRequest(
  { method, path }: Operation,
  own: AllNames,
  freshUid: string,
  parameter?: string,
  value?: unknown,
): InjectOptions {
  const ownParameters = { uid: own.uid, token: own.token, id: String(decodeIdOf('Segment', own.segment)) };
  const pathParameters: Record<string, string> = Object.fromEntries(
    Object.entries(ownParameters).filter(([name]) => path.includes(`{${name}}`)),
  );
  if (parameter && parameter in pathParameters) pathParameters[parameter] = String(value);
  const url = `/v1${path.replaceAll(/\{(\w+)\}/g, (_text, name: string) => encodeURIComponent(pathParameters[name] ?? ''))}`;
  const extra = parameter && !(parameter in pathParameters) ? { [parameter]: value } : {};
  if (method === 'GET')
    return {
      method,
      url,
      query: Object.fromEntries(Object.entries(extra).map(([name, one]) => [name, String(one)])),
    };
  if (method === 'DELETE') return { method, url };
  const required = path.endsWith('/events') ? { event: 'Paid' } : (requiredFields[path]?.(freshUid) ?? {});
  const device = parameter === 'device_token' ? { device_platform: 'ios' } : {};
  return { method, url, payload: JSON.stringify({ ...required, ...device, ...extra }) };
}

export const restHeaders = (authorization: string) => ({ authorization, 'content-type': 'application/json' });
