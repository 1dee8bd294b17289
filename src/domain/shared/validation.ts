import { z } from 'zod';
import { ValidationError, type ValidationIssue } from './errors.ts';
import { UnsafeNumber } from './json-numbers.ts';
import { MAX_ECHO_LENGTH, MAX_ISSUES } from './limits.ts';

/** An issue as any Standard Schema library reports it; zod's own issues have more properties. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

const zodIssue = z.object({
  code: z.string(),
  params: z.object({ code: z.string() }).optional(),
  expected: z.string().optional(),
  values: z.array(z.unknown()).optional(),
  format: z.string().optional(),
});

const codes: Readonly<Record<string, string>> = {
  invalid_type: 'INVALID_TYPE',
  invalid_union: 'INVALID_TYPE',
  invalid_key: 'INVALID_KEY',
  too_big: 'OUT_OF_RANGE',
  too_small: 'OUT_OF_RANGE',
};

function codeOf(issue: SchemaIssue): string {
  const parsed = zodIssue.safeParse(issue).data;
  if (!parsed) return 'INVALID_VALUE';
  return parsed.params?.code ?? codes[parsed.code] ?? 'INVALID_VALUE';
}

/** Rewords zod's default messages, so that each of them can follow the name of a field. */
function messageOf(issue: SchemaIssue): string {
  const parsed = zodIssue.safeParse(issue).data;
  if (!parsed || !issue.message.startsWith('Invalid ')) return issue.message;
  if (issue.message.endsWith('received undefined')) return 'is required';
  if (parsed.values) return `must be one of ${parsed.values.join(', ')}`;
  if (parsed.format === 'uuid') return 'must be a UUID';
  if (!parsed.expected) return issue.message;
  const [, received] = /, received (\w+)$/.exec(issue.message) ?? [];
  const type = received === UnsafeNumber.name ? 'number' : received;
  return `must be of type ${parsed.expected}${type ? `; got ${type}` : ''}`;
}

/** Converts the issues of a schema library, at most `MAX_ISSUES` of them. */
export function validationIssues(issues: readonly SchemaIssue[]): ValidationIssue[] {
  return issues
    .slice(0, MAX_ISSUES)
    .flatMap((issue) => {
      const path = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step));
      const unknown = 'keys' in issue && Array.isArray(issue.keys) ? issue.keys.slice(0, MAX_ISSUES) : undefined;
      return (
        unknown?.map((name) => ({
          path: [...path, String(name).slice(0, MAX_ECHO_LENGTH)],
          code: 'UNKNOWN_FIELD',
          message: 'is not a field of this object',
        })) ?? [{ path, code: codeOf(issue), message: messageOf(issue) }]
      );
    })
    .slice(0, MAX_ISSUES);
}

/**
 * Parses an input with a schema.
 * @throws {ValidationError} with every issue at once.
 */
export function validate<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new ValidationError(validationIssues(parsed.error.issues));
  return parsed.data;
}

/** A field of an update that may be omitted, but not cleared. The type accepts null, so that it is reported with other issues. */
export function notNull<Field extends z.ZodType>(field: Field) {
  return field
    .nullable()
    .optional()
    .refine((value) => value !== null, { params: { code: 'NOT_NULLABLE' }, error: 'must not be null' });
}
