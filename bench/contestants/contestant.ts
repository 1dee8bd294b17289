import type { z } from 'zod';
import type { Inputs, OperationName } from '../operations.ts';

/** How to read a response. */
interface ExpectedResponse {
  /** Parses the response's `data` into the normalized form that must be equal for all servers. */
  dataSchema: z.ZodType;
  /** A substring of every correct response: a cheap check during the measurement. */
  expectedText: string;
}

/** A GraphQL request with its document. */
interface DocumentRequest<Input> extends ExpectedResponse {
  /** GraphQL document. Its operation has the same name for all servers. */
  document: string;
  variables(input: Input): Record<string, unknown>;
}

/** A GraphQL request with another body, such as that of a persisted operation. */
interface BodyRequest<Input> extends ExpectedResponse {
  body(input: Input): Record<string, unknown>;
}

/** A GET request. */
interface GetRequest<Input> extends ExpectedResponse {
  /** The path and the query. */
  path(input: Input): string;
}

/** How to send an operation to a server and read its response. */
export type OperationRequest<Input> = DocumentRequest<Input> | BodyRequest<Input> | GetRequest<Input>;

/** The operations that a server supports. */
export type OperationRequests = { [Name in OperationName]?: OperationRequest<Inputs[Name]> };

export interface ServerSettings {
  databaseUrl: string;
  workspaceId: string;
  /** Database connections per server. */
  poolSize: number;
  /** The core that the server runs on; all by default. */
  core?: number;
}

/** The environment of a server that knows its workspace, instead of finding it by a key. */
export const workspaceEnvironment = ({ databaseUrl, poolSize, workspaceId }: ServerSettings) => ({
  DATABASE_URL: databaseUrl,
  POOL_SIZE: String(poolSize),
  WORKSPACE_ID: workspaceId,
});

/** A server that takes part in the comparison; an item of `--contestants`. */
export interface Contestant {
  name: string;
  title: string;
  /** The server's program, relative to the repository. It listens on 127.0.0.1, on the port in `PORT`. */
  script: string;
  /** Environment variables of the process. */
  environment(settings: ServerSettings): Record<string, string>;
  /** Path of the GraphQL endpoint. */
  path: string;
  headers?: Record<string, string>;
  requests(settings: ServerSettings): OperationRequests;
}
