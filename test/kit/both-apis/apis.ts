import { encodeGlobalId } from '../../../src/graphql/schema/global-id.ts';
import type { Answer, startApp, Tenant } from '../app.ts';
import { readUser, userOfGraphQL, userOfRest } from './read-user.ts';
import { record } from './record.ts';

type App = Awaited<ReturnType<typeof startApp>>;

/** Something to ask a door for, in GraphQL's words; list ids are UUIDs, and platforms the seed's. */
export interface Command {
  name: 'createUser' | 'updateUser' | 'addEvent' | 'deleteUser' | 'removeDevice' | 'retrieveUser';
  input: Record<string, unknown>;
  caller: 'owner' | 'publicKey';
}

/** What came of a command. */
interface Outcome {
  /** `OK`, or the code of the refusal in the domain's words. */
  code: string;
  /** The user that a read found. */
  user?: object;
}

/** Asks for a command in a workspace. */
export type Door = (app: App, tenant: Tenant, command: Command) => Promise<Outcome>;

/** Asks the REST door. */
export const rest: Door = async ({ app }, tenant, { name, input, caller }) => {
  const { method, url, body } = restRequests[name](input);
  const answer = await app.inject({
    method,
    url: `/v1${url}`,
    headers: { authorization: tenant[caller], ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { payload: JSON.stringify(body) } : {}),
  });
  const answered = record(answer.json());
  if (answer.statusCode !== 200) return { code: String(answered.code) };
  return { code: 'OK', ...(name === 'retrieveUser' ? { user: userOfRest(answered) } : {}) };
};

/** Asks the GraphQL door; selects nothing that needs a scope beyond the mutation's. */
export const graphql: Door = async (app, tenant, { name, input, caller }) => {
  if (name === 'retrieveUser') return retrieveUser(app, tenant[caller], input);
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const document = `mutation($input: ${type}!) { ${name}(input: $input) { __typename ... on Error { code } } }`;
  return { code: codeOf(name, await app.send(document, { input: graphqlInput(input) }, tenant[caller])) };
};

/** What REST says by 404, GraphQL says by null. */
async function retrieveUser({ send }: App, caller: string, { uid }: Command['input']): Promise<Outcome> {
  const answer = await send(readUser, { uid }, caller);
  const { user } = record(answer.data);
  const code = codeOf('user', answer);
  if (code !== 'OK' || user === null) return { code: code === 'OK' ? 'NOT_FOUND' : code };
  return { code, user: userOfGraphQL(record(user)) };
}

/**
 * What a GraphQL answer says in the domain's words. What GraphQL's types refuse before the domain is asked
 * (`BAD_USER_INPUT`), REST has its schemas refuse: `VALIDATION_FAILED`.
 */
export function codeOf(field: string, { data, errors }: Answer): string {
  const refused = errors?.[0]?.extensions.code;
  if (refused) return refused === 'BAD_USER_INPUT' ? 'VALIDATION_FAILED' : refused;
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
  updateUser: ({ uid, ...input }) => ({ method: 'PUT', url: pathOf(uid), body: restProfile(input) }),
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
