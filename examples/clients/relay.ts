import {
  ConnectionHandler,
  Environment,
  type FetchFunction,
  type GraphQLSingularResponse,
  type MissingFieldHandler,
  Network,
  RecordSource,
  type RequestParameters,
  Store,
  type Variables,
} from 'relay-runtime';

/** How often a request is retried. */
const MAX_RETRIES = 2;

/** Longest time in seconds to wait before a retry. The caller gets the error if usergraph asks for more. */
const MAX_RETRY_AFTER = 30;

/** An entry of `errors` in a response of usergraph. */
interface ResponseError {
  message: string;
  extensions?: { code?: string; retryAfter?: number; [key: string]: unknown };
}

/** usergraph has executed nothing, or returned no data. */
export class RequestError extends Error {
  override name = 'RequestError';
  readonly status: number;
  readonly errors: readonly ResponseError[];

  constructor(status: number, errors: readonly ResponseError[]) {
    super(errors.map(({ message }) => message).join('\n') || `The response has status ${status} and is not GraphQL.`);
    this.status = status;
    this.errors = errors;
  }

  /** The code of the first error, such as `UNAUTHENTICATED`. */
  get code(): string | undefined {
    return this.errors[0]?.extensions?.code;
  }

  /** Seconds to wait before a retry; undefined if a retry does not help. */
  get retryAfter(): number | undefined {
    return this.errors[0]?.extensions?.retryAfter;
  }
}

/** Whether a request can be sent again without being executed twice. */
function isSafeToRetry({ code }: RequestError, { operationKind }: RequestParameters, { input }: Variables): boolean {
  if (code === 'RATE_LIMITED' || code === 'CONFLICT') return true;
  // A mutation may have been committed. With an idempotency key, the retry returns the first result.
  return code === 'SERVICE_UNAVAILABLE' && (operationKind === 'query' || input?.idempotencyKey != null);
}

/** Creates a Relay environment for the endpoint of usergraph. @param authorization value of the header `Authorization`. */
export function createEnvironment(url: string, authorization: string): Environment {
  async function send(params: RequestParameters, variables: Variables): Promise<GraphQLSingularResponse> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      // With `persistConfig`, an operation has an id instead of a text.
      body: JSON.stringify({ documentId: params.id, query: params.text, variables }),
    });
    const body = await response.json().catch(() => ({}));
    // A response without data is an error of the whole request, whatever its status.
    if (body.data == null) throw new RequestError(response.status, body.errors ?? []);
    return body;
  }

  const sendWithRetries: FetchFunction = async (params, variables) => {
    for (let retries = 0; ; retries += 1) {
      try {
        return await send(params, variables);
      } catch (error) {
        if (!(error instanceof RequestError) || !isSafeToRetry(error, params, variables)) throw error;
        const { retryAfter = Number.POSITIVE_INFINITY } = error;
        if (retries === MAX_RETRIES || retryAfter > MAX_RETRY_AFTER) throw error;
        await new Promise((resolve) => setTimeout(resolve, retryAfter * 1000));
      }
    }
  };

  return new Environment({
    network: Network.create(sendWithRetries),
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
