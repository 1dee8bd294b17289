import { z } from 'zod';
import type { Viewer } from '../auth/viewer.ts';
import type { Database, ReadDb } from '../db/client.ts';
import { isJsonObject } from '../domain/shared/attributes.ts';
import { ValidationError, type ValidationIssue } from '../domain/shared/errors.ts';
import { MAX_ISSUES } from '../domain/shared/limits.ts';
import type { Scope } from '../domain/shared/scopes.ts';
import { validationIssues } from '../domain/shared/validation.ts';
import type { FilterLimits } from '../domain/users/filter/size.ts';
import { checkRequest, type RawRequest, type RequestPart } from './ignored-input.ts';

/** The context of a handler. */
export interface RestContext {
  /** The primary. */
  db: Database;
  /** For operations that only read: the primary, or a fresh replica. */
  reads: ReadDb;
  viewer: Viewer;
  limits: RestLimits;
}

/** The limits of requests that depend on their content. */
export interface RestLimits extends FilterLimits {
  /** Users of one bulk request. */
  bulkUsers: number;
  /** Events of one bulk request. */
  bulkEvents: number;
  /** Bytes of the body of a bulk request. */
  bulkBodyBytes: number;
}

/** A raw request whose body is a JSON object. */
type JsonRequest = Record<RequestPart, Readonly<Record<string, unknown>>>;

/** An example of a request or a response. */
export interface Example {
  summary: string;
  value: object;
}

/** The properties of an operation that the router and the OpenAPI document use. */
interface Description {
  operationId: string;
  /** The group of the operation in the documentation; default: `Users`. */
  tag?: 'Segments' | 'Bulk';
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path under `/v1` and under the root, such as `/users/{uid}`. */
  path: string;
  summary: string;
  description: string;
  scope: Scope;
  /**
   * Work of a request in addition to that of reading one row, for load shedding; default: 0 for a read,
   * `WORK_PER_WRITE` for a write.
   */
  work?(request: RawRequest): number;
  /** Default: true for every method except GET. */
  isWrite?: boolean;
  /** Whether a read uses the primary, even if there are replicas; default: false. */
  readsPrimary?: boolean;
  /** The number of inputs of a bulk request: each costs the points of a write, and the body has a limit of its own. */
  itemsOf?(request: RawRequest): number;
  /** The parts of the request, for the OpenAPI document. */
  request: { readonly [Name in RequestPart]?: z.ZodObject };
  /** The field of the body that contains attributes: those that cannot be stored are left out (ignored-input.ts). */
  attributes?: 'meta' | 'properties';
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
  /**
   * Validates a request without running the operation.
   * @throws {ValidationError} with the names that REST has for the fields.
   */
  parse(request: RawRequest): ParsedRequest<unknown>;
  /**
   * Validates a request and runs the operation.
   * @throws {ValidationError} with the names that REST has for the fields.
   */
  run(context: RestContext, request: RawRequest): Promise<OperationResult>;
}

/** A valid request. */
export interface ParsedRequest<Input> {
  input: Input;
  /** The first attributes that are not stored, and why. */
  ignored: ValidationIssue[];
  /** The first fields of the body that the operation does not use, and why. */
  unusedFields: ValidationIssue[];
  /** The paths of the fields and attributes in the request's body that are not stored. */
  ignoredFields: string[];
}

/** Whether an operation writes. */
export const isWriting = ({ isWrite, method }: Description): boolean => isWrite ?? method !== 'GET';

/** Whether an operation reads from replicas, if there are any. */
export const readsReplicas = (operation: Description): boolean => !isWriting(operation) && !operation.readsPrimary;

/** The response of an operation. */
interface OperationResult {
  /** Default: 200. */
  status?: number | undefined;
  body: object;
  /** The paths of the fields and attributes in the request's body that were ignored. */
  ignoredFields: string[];
}

/** Defines an operation. */
export function operation<Input extends z.ZodType>(
  definition: Description & {
    input: Input;
    /**
     * REST names of domain fields, such as `uid: 'id'`; `commonNames` has those that are the same for all operations.
     */
    names?: Readonly<Record<string, string>>;
    /** Rejects a request before it is validated, such as one whose validation would take too long. */
    checkSize?(context: RestContext, request: RawRequest): void;
    /** The status of a response; default: 200. */
    statusOf?(body: object): number;
    /** The paths of the fields and attributes of the request's items that were ignored, from the response. */
    ignoredItemFields?(body: object): string[];
    handle(context: RestContext, input: z.output<Input>): Promise<object>;
  },
): Operation & { parse(request: RawRequest): ParsedRequest<z.output<Input>> } {
  const { names: ownNames, checkSize, statusOf, ignoredItemFields, handle, ...description } = definition;
  const names = { ...commonNames, ...ownNames };
  const parse = (raw: RawRequest) => {
    const { request, issues, ...ignored } = checkRequest(description, raw);
    return { input: validateRequest(definition.input, request, names, issues), ...ignored };
  };
  return {
    ...description,
    parse,
    run: async (context, raw) => {
      checkSize?.(context, raw);
      const { input, ignored, ignoredFields } = parse(raw);
      try {
        const body = await handle(context, input);
        const status = statusOf?.(body);
        return {
          status,
          body: ignored.length === 0 ? body : { ...body, ignored },
          ignoredFields: [...ignoredFields, ...(ignoredItemFields?.(body) ?? [])],
        };
      } catch (error) {
        throw error instanceof ValidationError ? new ValidationError(withRestNames(error.issues, names)) : error;
      }
    },
  };
}

/** @param issues found before. @throws {ValidationError} with all issues. */
function validateRequest<Input extends z.ZodType>(
  schema: Input,
  request: RawRequest,
  names: Readonly<Record<string, string>>,
  issues: ValidationIssue[],
): z.output<Input> {
  const parsed = schema.safeParse(request);
  if (parsed.success && issues.length === 0) return parsed.data;
  const inputIssues = parsed.success ? [] : withRestNames(validationIssues(parsed.error.issues), names);
  throw new ValidationError([...issues, ...inputIssues].slice(0, MAX_ISSUES));
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

/**
 * Replaces the schemas of some fields, and keeps the rules that span fields. The new schemas may accept other inputs.
 */
export function withFields<Schema extends z.ZodObject>(
  schema: Schema,
  fields: { [Name in keyof z.output<Schema>]?: z.ZodType<z.output<Schema>[Name]> },
): Schema {
  // The types of `safeExtend` also require the same inputs.
  return schema.safeExtend(fields as never) as unknown as Schema;
}

/** REST names of domain fields that are not their names in snake case. */
const irregularNames: Readonly<Record<string, string>> = { timeZone: 'tz', appLastActiveAt: 'app_last_active' };

/** The REST name of a domain field: `first_name` for `firstName`. */
export const restNameOf = (name: string) =>
  irregularNames[name] ?? name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** REST names of domain fields. */
export const commonNames: Readonly<Record<string, string>> = {
  ...irregularNames,
  firstName: 'first_name',
  lastName: 'last_name',
  isAccount: 'is_account',
  appVersion: 'app_version',
  appBuild: 'app_build',
  createdAt: 'created_at',
  listIds: 'lists',
  removeMeta: 'meta',
  idempotencyKey: 'Idempotency-Key',
};

const parts = new Set(['params', 'query', 'headers', 'body']);

/** Converts paths and messages to the names of REST. */
export function withRestNames(
  issues: readonly ValidationIssue[],
  names: Readonly<Record<string, string>> = commonNames,
): ValidationIssue[] {
  return issues.map(({ path, code, message }) => ({
    path: restPath(path, names),
    code,
    message: restMessage(message, names),
  }));
}

function restPath(path: string[], names: Readonly<Record<string, string>>): string[] {
  const [first = '', ...rest] = path;
  if (parts.has(first)) return rest;
  // The domain reports invalid references in a filter by their path.
  if (first === 'where') return path.map(restNameOf);
  if (first === 'device') return rest.map((name) => `device_${name}`);
  return path.length === 0 ? [] : [names[first] ?? first, ...rest];
}

/** Messages of the pagination name its arguments. */
function restMessage(message: string, names: Readonly<Record<string, string>>): string {
  return message.replace(/with (first|last|after|before)$/, (_text, name: string) => `with ${names[name]}`);
}
