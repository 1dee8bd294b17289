// Relay: persisted operations, retries, and single-object queries answered from the store.
import {
  Environment,
  type GraphQLSingularResponse,
  type MissingFieldHandler,
  Network,
  RecordSource,
  type RequestParameters,
  ROOT_TYPE,
  Store,
  type Variables,
} from 'relay-runtime';
import { usersConnection } from './relay/connections.ts';
import { errorsOf, RequestError } from './request-error.ts';
import { withRetries } from './retry.ts';

/** The mutations that can be repeated without an idempotency key. Persisted operations have no text that would tell. */
const idempotentMutations = new Set([
  'listsArchiveMutation',
  'listsUpdateMutation',
  'membersRemoveMutation',
  'membersSetSubscriptionMutation',
  'userRemoveDeviceMutation',
  'userUpdateMutation',
  'usersDeleteMutation',
]);

/** Whether an operation is a query, or an idempotent mutation. */
export const isSafeToRetry = ({ operationKind, name }: RequestParameters, { input }: Variables): boolean =>
  operationKind === 'query' || idempotentMutations.has(name) || input?.idempotencyKey != null;

/** Creates an environment. @param authorization the value of the header, such as `Bearer <JWT>`. */
export function createRelayEnvironment(url: string, authorization: string): Environment {
  async function send({ id, text }: RequestParameters, variables: Variables): Promise<GraphQLSingularResponse> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      // With `persistConfig`, an operation has an id and no text.
      body: JSON.stringify(id === null ? { query: text, variables } : { documentId: id, variables }),
    });
    const body = await response.json().catch(() => ({}));
    if (body.data == null) throw new RequestError(response.status, body.errors);
    return body;
  }

  return new Environment({
    network: Network.create((params, variables) =>
      withRetries(() => send(params, variables), isSafeToRetry(params, variables), errorsOf),
    ),
    store: new Store(new RecordSource()),
    missingFieldHandlers,
  });
}

/** The root fields that read an object of one type by its `id`. */
const typesByField = new Map([
  ['list', 'List'],
  ['segment', 'Segment'],
  ['event', 'Event'],
]);

/** Let a query for one object use what other queries have stored about it. */
const missingFieldHandlers: MissingFieldHandler[] = [
  {
    kind: 'linked',
    handle({ name }, parent, { id, uid }, store) {
      if (parent?.getType() !== ROOT_TYPE) return undefined;
      if (name === 'node') return id;
      if (name === 'user') {
        // The store knows users by their `id`: only those of the page of users can be found by their uid.
        const edges = store.get(usersConnection)?.getLinkedRecords('edges');
        const nodes = edges?.map((edge) => edge?.getLinkedRecord('node'));
        return nodes?.find((node) => node?.getValue('uid') === uid)?.getDataID();
      }
      const type = typesByField.get(name);
      return type !== undefined && store.get(id)?.getType() === type ? id : undefined;
    },
  },
];
