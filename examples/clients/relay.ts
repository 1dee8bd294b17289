// Relay: persisted operations, retries, and queries for one object that use what others have stored.
import type { GraphQLFormattedError } from 'graphql';
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
import { MAX_ATTEMPTS, retryDelay } from './retry.ts';

/** Reports that the gateway has returned no data, for example since the credentials are wrong. */
export class RequestError extends Error {
  override name = 'RequestError';
  readonly status: number;
  readonly errors: readonly GraphQLFormattedError[];

  constructor(status: number, errors: readonly GraphQLFormattedError[]) {
    super(errors.map(({ message }) => message).join('\n') || `The gateway responded with status ${status}.`);
    this.status = status;
    this.errors = errors;
  }

  /** The code of the first error, such as `UNAUTHENTICATED`. */
  get code(): unknown {
    return this.errors[0]?.extensions?.code;
  }
}

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
    if (body.data == null) throw new RequestError(response.status, body.errors ?? []);
    return body;
  }

  return new Environment({
    network: Network.create(async (params, variables) => {
      const request = { isMutation: params.operationKind === 'mutation', variables };
      for (let attempts = 1; ; attempts += 1) {
        try {
          return await send(params, variables);
        } catch (error) {
          const delay = error instanceof RequestError ? retryDelay(error.errors, request) : undefined;
          if (delay === undefined || attempts === MAX_ATTEMPTS) throw error;
          await new Promise((resolve) => setTimeout(resolve, delay));
        }
      }
    }),
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
