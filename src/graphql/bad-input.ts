import { GraphQLError } from 'graphql';
import type { ValidationIssue } from '../domain/errors.ts';

/** Refuses arguments of a query: `BAD_USER_INPUT` in `errors`, with every fault in `extensions.issues`. */
export function badInput(issues: ValidationIssue[]): GraphQLError {
  const message = issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', issues } });
}
