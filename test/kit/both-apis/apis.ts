import { encodeGlobalId } from '../../../src/graphql/schema/global-id.ts';
import type { Answer, startApp, Tenant } from '../app.ts';
import { renameKeys, toRestName } from '../rest-names.ts';
import { readUser, userOfGraphQL, userOfRest } from './read-user.ts';
import { record } from './record.ts';

type App = Awaited<ReturnType<typeof startApp>>;

/** A request to either API, with the names of GraphQL; list ids are UUIDs, and platforms lowercase as in REST. */
export interface Command {
  name: 'createUser' | 'updateUser' | 'addEvent' | 'deleteUser' | 'removeDevice' | 'retrieveUser';
  input: Record<string, unknown>;
  caller: 'owner' | 'publicKey';
}

/** The result of a command. */
interface Outcome {
  /** `OK`, or the error code of the domain. */
  code: string;
  /** The user that a read returned. */
  user?: object;
}

/** Runs a command in a workspace through an API. */
export type Api = (app: App, tenant: Tenant, command: Command) => Promise<Outcome>;

/** The REST API. */
export const rest: Api = async ({ app }, tenant, { name, input, caller }) => {
  const { method, url, body } = restRequests[name](input);
  const response = await app.inject({
    method,
    url: `/v1${url}`,
    headers: {
      authorization: tenant[caller],
      // GraphQL is always strict.
      prefer: 'handling=strict',
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { payload: JSON.stringify(body) } : {}),
  });
  const json = record(response.json());
  if (response.statusCode !== 200) return { code: String(json.code) };
  return { code: 'OK', ...(name === 'retrieveUser' ? { user: userOfRest(json) } : {}) };
};

/** The GraphQL API; selects nothing that requires another scope than the mutation. */
export const graphql: Api = async (app, tenant, { name, input, caller }) => {
  if (name === 'retrieveUser') return retrieveUser(app, tenant[caller], input);
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const document = `mutation($input: ${type}!) { ${name}(input: $input) { __typename ... on Error { code } } }`;
  return { code: codeOf(name, await app.send(document, { input: graphqlInput(input) }, tenant[caller])) };
};

/** GraphQL returns null where REST answers 404. */
async function retrieveUser({ send }: App, caller: string, { uid }: Command['input']): Promise<Outcome> {
  const answer = await send(readUser, { uid }, caller);
  const { user } = record(answer.data);
  const code = codeOf('user', answer);
  if (code !== 'OK' || user === null) return { code: code === 'OK' ? 'NOT_FOUND' : code };
  return { code, user: userOfGraphQL(record(user)) };
}

/**
 * The error code of a GraphQL response. REST validates with `VALIDATION_FAILED` what GraphQL's type system rejects with
 * `BAD_USER_INPUT`.
 */
export function codeOf(field: string, { data, errors }: Answer): string {
  const code = errors?.[0]?.extensions.code;
  if (code) return code === 'BAD_USER_INPUT' ? 'VALIDATION_FAILED' : code;
  return String(record(record(data)[field]).code ?? 'OK');
}

interface RestRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  url: string;
  body?: object;
}

const pathOf = (uid: unknown) => `/users/${encodeURIComponent(String(uid))}`;

const restRequests: Record<Command['name'], (input: Command['input']) => RestRequest> = {
  createUser: ({ uid, listIds, ...input }) => ({
    method: 'POST',
    url: '/users',
    body: { id: uid, lists: listIds, ...restProfile(input) },
  }),
  updateUser: ({ uid, listIds, ...input }) => ({
    method: 'PUT',
    url: pathOf(uid),
    body: { lists: listIds, ...restProfile(input) },
  }),
  addEvent: ({ uid, name, ...input }) => ({
    method: 'POST',
    url: `${pathOf(uid)}/events`,
    body: { event: name, ...input },
  }),
  deleteUser: ({ uid }) => ({ method: 'DELETE', url: pathOf(uid) }),
  retrieveUser: ({ uid }) => ({ method: 'GET', url: pathOf(uid) }),
  removeDevice: ({ uid, token }) => ({
    method: 'DELETE',
    url: `${pathOf(uid)}/tokens/${encodeURIComponent(String(token))}`,
  }),
};

function restProfile({ device, ...rest }: Command['input']): object {
  const { token, platform } = record(device);
  return {
    ...renameKeys(rest, toRestName),
    device_token: token,
    device_platform: platform,
  };
}

const UUID = /^[0-9a-f-]{36}$/i;

const graphqlListId = (id: unknown) =>
  typeof id === 'string' && UUID.test(id) ? encodeGlobalId('List', id.toLowerCase()) : id;

function graphqlInput({ listIds, device, ...input }: Command['input']): object {
  const { platform } = record(device);
  return {
    ...input,
    ...(listIds === undefined ? {} : { listIds: Array.isArray(listIds) ? listIds.map(graphqlListId) : listIds }),
    ...(device === undefined
      ? {}
      : {
          device: device && {
            ...record(device),
            platform: typeof platform === 'string' ? platform.toUpperCase() : platform,
          },
        }),
  };
}
