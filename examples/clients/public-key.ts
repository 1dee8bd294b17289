// Plain fetch with a public key: identifies users and adds events from a page of any origin in CORS_ORIGINS.
import { MAX_ATTEMPTS, retryDelay } from './retry.ts';

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

/** Adds an event of a user. The idempotency key makes a retry safe. */
export const track = (
  target: Target,
  input: { uid: string; name: string; [field: string]: unknown },
): Promise<Result> =>
  send(target, `mutation Track($input: AddEventInput!) { result: addEvent(input: $input) { __typename ${FAILURE} } }`, {
    idempotencyKey: crypto.randomUUID(),
    ...input,
  });

/** Sends a mutation. @throws if the gateway rejects it. */
async function send({ url, publicKey }: Target, query: string, input: object): Promise<Result> {
  const variables = { input };
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(url, {
      method: 'POST',
      credentials: 'omit',
      headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${publicKey}:`)}` },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await response.json();
    if (!errors) return data.result;
    const delay = retryDelay(errors, { isMutation: true, variables });
    if (delay === undefined || attempt === MAX_ATTEMPTS) throw new Error(errors[0].message, { cause: errors[0] });
    await new Promise((resolve) => setTimeout(resolve, delay));
  }
}
