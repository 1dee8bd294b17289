import type { z } from 'zod';
import type { Viewer } from '../auth/viewer.ts';
import type { Database } from '../db/client.ts';
import type { Scope } from '../domain/shared/scopes.ts';
import { validate } from '../domain/shared/validation.ts';

/** What a handler gets beside its input. */
export interface RestContext {
  db: Database;
  viewer: Viewer;
}

/** The parts of a request, as they came. */
export interface RawInput {
  params: unknown;
  query: unknown;
  headers: unknown;
  body: unknown;
}

/** A request or an answer of the seed document, or like one. */
export interface Example {
  summary: string;
  value: object;
}

/** What an operation is, to the router and to the OpenAPI document. */
interface Description {
  operationId: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Under `/v1`, and under the root: `/users/{uid}`. */
  path: string;
  summary: string;
  description: string;
  scope: Scope;
  /** How many times as much work as a read of one row it is, beyond that; by default 0 for a read, 1 for a write. */
  work?: number;
  /** Beyond 400, 401, 403, 413, 414, 415, 429, 500 and 503, which all have. */
  operationChecks: { status: 404 | 409 | 422; description: string }[];
  requestExamples: Record<string, Example>;
  response: z.ZodType;
  responseExamples: Record<string, Example>;
}

/** The schema of a request: any of `params`, `query`, `headers` and `body`. */
export type InputSchema = z.ZodObject<Partial<Record<keyof RawInput, z.ZodType>>>;

/** One operation of the seed document. */
export interface Operation extends Description {
  input: InputSchema;
  /** Checks an input and does what it asks. @throws {ValidationError} with every fault of all its parts. */
  run(context: RestContext, input: RawInput): Promise<object>;
}

/** Defines an operation. */
export function operation<Input extends InputSchema>(
  definition: Description & {
    input: Input;
    handle(context: RestContext, input: z.output<Input>): Promise<object>;
  },
): Operation {
  return {
    ...definition,
    run: async (context, input) => definition.handle(context, validate(definition.input, input)),
  };
}
