import { z } from 'zod';
import { ValidationError, type ValidationIssue } from './errors.ts';

/** A fault as any Standard Schema library reports it; zod's own carry more. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

const zodCode = z.object({ code: z.string(), params: z.object({ code: z.string() }).optional() });

const codes: Readonly<Record<string, string>> = {
  invalid_type: 'INVALID_TYPE',
  invalid_union: 'INVALID_TYPE',
  invalid_key: 'INVALID_KEY',
  too_big: 'OUT_OF_RANGE',
  too_small: 'OUT_OF_RANGE',
};

function codeOf(issue: SchemaIssue): string {
  const parsed = zodCode.safeParse(issue);
  if (!parsed.success) return 'INVALID_VALUE';
  return parsed.data.params?.code ?? codes[parsed.data.code] ?? 'INVALID_VALUE';
}

/** Most faults that an answer names; an input of a megabyte may have a million. */
const ISSUES_MAXIMUM = 100;

/** Translates a schema's faults to ours. */
export function validationIssues(issues: readonly SchemaIssue[]): ValidationIssue[] {
  return issues.slice(0, ISSUES_MAXIMUM).map((issue) => ({
    path: (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step)),
    code: codeOf(issue),
    message: issue.message,
  }));
}

/**
 * Parses an input by its schema.
 * @throws {ValidationError} with every fault at once.
 */
export function validate<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new ValidationError(validationIssues(parsed.error.issues));
  return parsed.data;
}
