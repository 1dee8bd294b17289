import { z } from 'zod';
import { attributeIssuesOf, isJsonObject, keyIssues } from '../domain/shared/attributes.ts';
import type { ValidationIssue } from '../domain/shared/errors.ts';
import { MAX_ECHO_LENGTH, MAX_ISSUES } from '../domain/shared/limits.ts';

export type RequestPart = 'params' | 'query' | 'headers' | 'body';

/** The parts of a request before validation. */
export interface RawRequest extends Record<Exclude<RequestPart, 'body'>, Readonly<Record<string, unknown>>> {
  body: unknown;
}

/** What an operation accepts, for finding input that it does not use. */
interface AcceptedInput {
  request: { readonly query?: z.ZodObject; readonly body?: z.ZodObject };
  /** The field of the body that contains attributes. */
  attributes?: 'meta' | 'properties';
}

/** A request without the input that the operation cannot use. */
interface CheckedRequest {
  /** Without invalid attributes. */
  request: RawRequest;
  /** Why the request is rejected, regardless of its other issues. */
  issues: ValidationIssue[];
  /** The first `MAX_ISSUES` attributes that are not stored, with the reason. */
  ignored: ValidationIssue[];
  /** The first `MAX_ISSUES` fields of the body that the operation does not use, with the reason. */
  unusedFields: ValidationIssue[];
  /** The paths of everything in the body that is not stored, or more of them than the header can list. */
  ignoredFields: string[];
}

/**
 * Finds query parameters and body fields that an operation does not have, and attributes that cannot be stored. Parameters are
 * always issues, since a misspelled filter would return other users. The rest is ignored and reported, so that it does not
 * lose the other fields of a client that cannot be changed; with `Prefer: handling=strict`, it consists of issues as well.
 */
export function checkRequest(accepted: AcceptedInput, raw: RawRequest): CheckedRequest {
  const unknownParameters = unknownNames(raw.query, accepted.request.query).map((name) => ({
    path: [echo(name)],
    code: 'UNKNOWN_PARAMETER',
    message: `is not a parameter of this operation${listOf(accepted.request.query)}`,
  }));
  const unusedFields = unusedBodyFields(accepted, raw.body);
  const { body, ignored } = withoutInvalidAttributes(accepted, raw.body);
  const strictIssues = isStrict(raw.headers.Prefer) ? [...unusedFields, ...ignored] : [];
  return {
    request: { ...raw, body },
    issues: [...unknownParameters, ...strictIssues].slice(0, MAX_ISSUES),
    ignored: ignored.slice(0, MAX_ISSUES),
    unusedFields: unusedFields.slice(0, MAX_ISSUES),
    ignoredFields: [...unusedFields, ...ignored].map(({ path }) => path.join('.')),
  };
}

const echo = (name: string) => name.slice(0, MAX_ECHO_LENGTH);

function unknownNames(received: Readonly<Record<string, unknown>>, schema: z.ZodObject | undefined): string[] {
  return Object.keys(received).filter((name) => !schema || !Object.hasOwn(schema.shape, name));
}

function listOf(schema: z.ZodObject | undefined): string {
  return schema ? `; it has ${Object.keys(schema.shape).join(', ')}` : ', which has none';
}

function unusedBodyFields({ request }: AcceptedInput, body: unknown): ValidationIssue[] {
  if (!isJsonObject(body)) return [];
  const unknown = unknownNames(body, request.body).map((name) => ({
    path: [echo(name)],
    code: 'UNKNOWN_FIELD',
    message: 'is not a field of this operation',
  }));
  const hasPlatformOnly = body.device_platform != null && body.device_token == null && request.body?.shape.device_token;
  return hasPlatformOnly
    ? [...unknown, { path: ['device_platform'], code: 'REQUIRED', message: 'requires device_token' }]
    : unknown;
}

/** Maximum number of issues that are collected, from up to 100,000 attributes: more than a response and its header can list. */
const MAX_COLLECTED = 1_000;

/** The body without attributes that have an invalid key or value. Of one that is null, only the key is checked. */
function withoutInvalidAttributes(
  { attributes: field }: AcceptedInput,
  body: unknown,
): { body: unknown; ignored: ValidationIssue[] } {
  const received = field && isJsonObject(body) ? body[field] : undefined;
  if (!field || !isJsonObject(body) || !isJsonObject(received)) return { body, ignored: [] };
  const valid: [string, unknown][] = [];
  const ignored: ValidationIssue[] = [];
  for (const [key, value] of Object.entries(received)) {
    const issues = value === null ? keyIssues(key) : attributeIssuesOf(key, value);
    if (issues.length === 0) valid.push([key, value]);
    if (ignored.length >= MAX_COLLECTED) continue;
    for (const { path, code, message } of issues) ignored.push({ path: [field, ...path], code, message });
  }
  return { body: ignored.length === 0 ? body : { ...body, [field]: Object.fromEntries(valid) }, ignored };
}

/** A preference of RFC 7240 for `handling=strict`, alone or among others. */
const STRICT = /(?:^|,)\s*handling\s*=\s*(?:strict|"strict")\s*(?:;|,|$)/i;

const isStrict = (prefer: unknown) => typeof prefer === 'string' && STRICT.test(prefer);

/** The header with which a client asks for strictness. */
export const preferHeaders = z.object({
  Prefer: z
    .unknown()
    .optional()
    .meta({
      type: 'string',
      enum: ['handling=lenient', 'handling=strict'],
      default: 'handling=lenient',
      description: `With \`handling=strict\` (RFC 7240), unknown fields and attributes that cannot be stored are errors. By default, they are
ignored, and listed in the header \`X-Ignored-Fields\`; attributes also in \`ignored\` of the response.`,
    }),
});

/** The attributes that were not stored, in the response of an operation. */
export const ignoredAttributes = z
  .array(z.object({ path: z.array(z.string()), code: z.string(), message: z.string() }))
  .optional()
  .meta({
    description: `The first ${MAX_ISSUES} attributes that were not stored, and why. Absent if all were stored.`,
  });

/** The fields and attributes that were not stored, in the result of an input of a bulk request. */
export const ignoredOfItem = ignoredAttributes.meta({
  description: `The first ${MAX_ISSUES} fields and attributes of the input that were not stored, and why. Absent if all were stored.`,
});

/** Maximum length of `X-Ignored-Fields`: clients and proxies limit the size of all headers, often to 8 KB. */
const MAX_HEADER_LENGTH = 2048;

/**
 * The value of `X-Ignored-Fields`: paths separated by commas. Characters other than ASCII letters, digits and some marks are
 * percent-encoded. If there are too many, the last one is `...`.
 */
export function ignoredFieldsHeader(paths: readonly string[]): string {
  const names: string[] = [];
  let length = 0;
  for (const path of paths) {
    const name = encodeURIComponent(path.toWellFormed());
    length += name.length + ', '.length;
    if (length > MAX_HEADER_LENGTH) return [...names, '...'].join(', ');
    names.push(name);
  }
  return names.join(', ');
}
