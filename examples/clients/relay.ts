// Relay: persisted operations, retries, and queries for one object that use what others have stored.
import type { GraphQLFormattedError } from 'graphql';
import {
  ConnectionHandler,
  Environment,
  type GraphQLSingularResponse,
  type MissingFieldHandler,
  Network,
  RecordSource,
  type RequestParameters,
  Store,
  type Variables,
} from 'relay-runtime';
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

/** The types of the root fields that read an object by its `id`. */
const typeOfField: Record<string, string> = { list: 'List', segment: 'Segment', event: 'Event' };

/** Lets queries for one object use what other queries have stored about it. */
const missingFieldHandlers: MissingFieldHandler[] = [
  {
    kind: 'linked',
    handle({ name }, parent, args, store) {
      if (parent?.getType() !== '__Root') return undefined;
      if (name === 'node') return args.id;
      if (name in typeOfField) return store.get(args.id)?.getType() === typeOfField[name] ? args.id : undefined;
      if (name !== 'user') return undefined;
      // The store has no index of uids: this searches the page of users.
      const edges = ConnectionHandler.getConnection(parent, 'users_users')?.getLinkedRecords('edges');
      const edge = edges?.find((edge) => edge?.getLinkedRecord('node')?.getValue('uid') === args.uid);
      return edge?.getLinkedRecord('node')?.getDataID();
    },
  },
  {
    kind: 'pluralLinked',
    handle: ({ name }, parent, args) => (parent?.getType() === '__Root' && name === 'nodes' ? args.ids : undefined),
  },
];
