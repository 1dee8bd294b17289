// Plain fetch with a public key: identifies users and adds events from a page of any origin in CORS_ORIGINS.
import { errorsOf, RequestError } from './request-error.ts';
import { withRetries } from './retry.ts';

/** Where events go. The key is public: it can be in the page's source. */
export interface Target {
  url: string;
  publicKey: string;
}

/** A payload, or the error that prevented the write, which has a `code`. */
export interface Result {
  __typename: string;
  code?: string;
  message?: string;
  issues?: { path: string[]; code: string; message: string }[];
}

const FAILURE = '... on Error { code message } ... on ValidationError { issues { path code message } }';

/** Creates or updates a user. */
export const identify = (target: Target, input: { uid: string; [field: string]: unknown }): Promise<Result> =>
  send(
    target,
    `mutation Identify($input: UpdateUserInput!) { result: updateUser(input: $input) { __typename ${FAILURE} } }`,
    input,
  );

/** Adds an event of a user. The idempotency key makes retries safe; pass your own to repeat a failed call. */
export const track = (
  target: Target,
  input: { uid: string; name: string; [field: string]: unknown },
): Promise<Result> =>
  send(target, `mutation Track($input: AddEventInput!) { result: addEvent(input: $input) { __typename ${FAILURE} } }`, {
    idempotencyKey: crypto.randomUUID(),
    ...input,
  });

/** Sends an idempotent mutation, and retries it. @throws {RequestError} if the gateway rejects it. */
function send({ url, publicKey }: Target, query: string, input: object): Promise<Result> {
  async function attempt(): Promise<Result> {
    const response = await fetch(url, {
      method: 'POST',
      credentials: 'omit',
      headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${publicKey}:`)}` },
      body: JSON.stringify({ query, variables: { input } }),
    });
    const { data, errors } = await response.json().catch(() => ({}));
    if (data == null) throw new RequestError(response.status, errors);
    return data.result;
  }
  return withRetries(attempt, true, errorsOf);
}
