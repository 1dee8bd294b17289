import { encodeGlobalId } from '../../../src/graphql/global-id.ts';
import type { Answer, startApp, Tenant } from '../app.ts';
import { record } from './record.ts';

type App = Awaited<ReturnType<typeof startApp>>;

/** Something to ask a door for, in GraphQL's words; list ids are UUIDs, and platforms the seed's. */
export interface Command {
  name: 'createUser' | 'updateUser' | 'addEvent' | 'deleteUser' | 'removeDevice';
  input: Record<string, unknown>;
  caller: 'owner' | 'publicKey';
}

/** Asks for a command in a workspace. @returns `OK`, or the code of the refusal in the domain's words. */
export type Door = (app: App, tenant: Tenant, command: Command) => Promise<string>;

/** Asks the REST door. */
export const rest: Door = async ({ app }, tenant, { name, input, caller }) => {
  const { method, url, body } = restRequests[name](input);
  const answer = await app.inject({
    method,
    url: `/v1${url}`,
    headers: { authorization: tenant[caller], ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { payload: JSON.stringify(body) } : {}),
  });
  return answer.statusCode === 200 ? 'OK' : String(record(answer.json()).code);
};

/** Asks the GraphQL door; selects nothing that needs a scope beyond the mutation's. */
export const graphql: Door = async ({ send }, tenant, { name, input, caller }) => {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const document = `mutation($input: ${type}!) { ${name}(input: $input) { __typename ... on Error { code } } }`;
  return outcomeOf(name, await send(document, { input: graphqlInput(input) }, tenant[caller]));
};

/**
 * What a GraphQL answer says in the domain's words. What GraphQL's types refuse before the domain is asked
 * (`BAD_USER_INPUT`), REST has its schemas refuse: `VALIDATION_FAILED`.
 */
export function outcomeOf(field: string, { data, errors }: Answer): string {
  const refused = errors?.[0]?.extensions.code;
  if (refused) return refused === 'BAD_USER_INPUT' ? 'VALIDATION_FAILED' : refused;
  return String(record(record(data)[field]).code ?? 'OK');
}

interface RestRequest {
  method: 'POST' | 'PUT' | 'DELETE';
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
  updateUser: ({ uid, ...input }) => ({ method: 'PUT', url: pathOf(uid), body: restProfile(input) }),
  addEvent: ({ uid, name, ...input }) => ({
    method: 'POST',
    url: `${pathOf(uid)}/events`,
    body: { event: name, ...input },
  }),
  deleteUser: ({ uid }) => ({ method: 'DELETE', url: pathOf(uid) }),
  removeDevice: ({ uid, token }) => ({
    method: 'DELETE',
    url: `${pathOf(uid)}/tokens/${encodeURIComponent(String(token))}`,
  }),
};

function restProfile({ firstName, lastName, device, createdAt, ...same }: Command['input']): object {
  const { token, platform } = record(device);
  return {
    ...same,
    first_name: firstName,
    last_name: lastName,
    device_token: token,
    device_platform: platform,
    created_at: createdAt,
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
