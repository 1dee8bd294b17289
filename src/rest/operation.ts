import { z } from 'zod';
import type { Viewer } from '../auth/viewer.ts';
import type { Database } from '../db/client.ts';
import { isJsonObject } from '../domain/shared/attributes.ts';
import { ValidationError } from '../domain/shared/errors.ts';
import type { Scope } from '../domain/shared/scopes.ts';
import { validate } from '../domain/shared/validation.ts';

/** The context of a handler. */
export interface RestContext {
  db: Database;
  viewer: Viewer;
}

type Part = 'params' | 'query' | 'headers' | 'body';

/** The parts of a request before validation. */
interface RawRequest extends Record<Exclude<Part, 'body'>, Readonly<Record<string, unknown>>> {
  body: unknown;
}

/** A raw request whose body is a JSON object. */
type JsonRequest = Record<Part, Readonly<Record<string, unknown>>>;

/** An example of a request or a response. */
export interface Example {
  summary: string;
  value: object;
}

/** The properties of an operation that the router and the OpenAPI document use. */
interface Description {
  operationId: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path under `/v1` and under the root, such as `/users/{uid}`. */
  path: string;
  summary: string;
  description: string;
  scope: Scope;
  /** Work in addition to that of reading one row, for load shedding; default: 0 for a read, 1 for a write. */
  work?: number;
  /** The parts of the request, for the OpenAPI document. */
  request: { readonly [Name in Part]?: z.ZodObject };
  requestExamples: Record<string, Example>;
  response: z.ZodType;
  responseExamples: Record<string, Example>;
  /** Error responses other than those that all operations have (`commonErrors`). */
  errors: { status: 404 | 409 | 422; description: string }[];
}

/** An operation of the REST API. */
export interface Operation extends Description {
  /** Converts and validates a raw request. */
  input: z.ZodType;
  /** Validates a request and runs the operation. @throws {ValidationError} with the names that REST has for the fields. */
  run(context: RestContext, request: RawRequest): Promise<object>;
}

/** Defines an operation. */
export function operation<Input extends z.ZodType>(
  definition: Description & {
    input: Input;
    /** REST names of domain fields, such as `uid: 'id'`; `commonNames` has those that are the same for all operations. */
    names?: Readonly<Record<string, string>>;
    handle(context: RestContext, input: z.output<Input>): Promise<object>;
  },
): Operation {
  const { names, handle, ...description } = definition;
  return {
    ...description,
    run: async (context, request) => {
      try {
        return await handle(context, validate(definition.input, request));
      } catch (error) {
        throw error instanceof ValidationError ? withRestNames(error, { ...commonNames, ...names }) : error;
      }
    },
  };
}

/**
 * The input of a domain function, validated by the domain's whole schema, so that its rules that span fields also apply
 * to REST.
 * @param read converts a request to the domain's field names; it does not validate.
 */
export function domainInput<Schema extends z.ZodType>(
  schema: Schema,
  read: (request: JsonRequest) => object,
): z.ZodType<z.output<Schema>> {
  return z.preprocess(({ body, ...parts }: RawRequest, context) => {
    if (isJsonObject(body)) return read({ ...parts, body });
    context.addIssue({ code: 'custom', params: { code: 'INVALID_TYPE' }, message: 'must be a JSON object' });
    return z.NEVER;
  }, schema);
}

/** Replaces the schemas of some fields, and keeps the rules that span fields. The new schemas may accept other inputs. */
export function withFields<Schema extends z.ZodObject>(
  schema: Schema,
  fields: { [Name in keyof z.output<Schema>]?: z.ZodType<z.output<Schema>[Name]> },
): Schema {
  // The types of `safeExtend` also require the same inputs.
  return schema.safeExtend(fields as never) as unknown as Schema;
}

/** REST names of domain fields. */
export const commonNames: Readonly<Record<string, string>> = {
  firstName: 'first_name',
  lastName: 'last_name',
  createdAt: 'created_at',
  listIds: 'lists',
  idempotencyKey: 'Idempotency-Key',
};

const parts = new Set(['params', 'query', 'headers', 'body']);

/** Converts paths and messages to the names of REST. */
function withRestNames({ issues }: ValidationError, names: Readonly<Record<string, string>>): ValidationError {
  return new ValidationError(
    issues.map(({ path, code, message }) => ({
      path: restPath(path, names),
      code,
      message: restMessage(message, names),
    })),
  );
}

function restPath(path: string[], names: Readonly<Record<string, string>>): string[] {
  const [first = '', ...rest] = path;
  if (parts.has(first)) return rest;
  if (first === 'device') return rest.map((name) => `device_${name}`);
  return path.length === 0 ? [] : [names[first] ?? first, ...rest];
}

/** Messages of the pagination name its arguments. */
function restMessage(message: string, names: Readonly<Record<string, string>>): string {
  return message
    .replace(/with (first|last|after|before)$/, (_text, name: string) => `with ${names[name]}`)
    .replace('of this connection', 'of this list');
}
