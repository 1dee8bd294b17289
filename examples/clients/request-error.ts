import type { GraphQLFormattedError } from 'graphql';

/** Reports that the gateway has returned no data, for example because the credentials are wrong. */
export class RequestError extends Error {
  override name = 'RequestError';
  readonly status: number;
  readonly errors: readonly GraphQLFormattedError[];

  constructor(status: number, errors: readonly GraphQLFormattedError[] = []) {
    super(errors.map(({ message }) => message).join('\n') || `The gateway responded with status ${status}.`);
    this.status = status;
    this.errors = errors;
  }

  /** The code of the first error, such as `UNAUTHENTICATED`. */
  get code(): unknown {
    return this.errors[0]?.extensions?.code;
  }
}

/** The `errors` of the gateway; undefined if there was no response, such as after a network error. */
export const errorsOf = (error: unknown) => (error instanceof RequestError ? error.errors : undefined);
