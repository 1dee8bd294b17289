import type { ErrorPolicy as ErrorPolicyName } from '../../domain/shared/bulk.ts';
import { MAX_IDEMPOTENCY_KEY_LENGTH } from '../../domain/shared/limits.ts';
import { DEFAULT_PAGE_SIZE } from '../../domain/shared/pagination.ts';
import { builder, type Types } from './builder.ts';

/** The arguments of every connection. */
export const pageArguments = builder.args((arg) => ({
  first: arg.int({
    description: `The number of edges to return from the start of the connection, or after \`after\`. Defaults to ${DEFAULT_PAGE_SIZE}.
Must be between 1 and the maximum page size of the connection. Cannot be combined with \`last\`.`,
  }),
  after: arg.string({
    description: 'The `cursor` of an edge: returns the edges after it. Cannot be combined with `before`.',
  }),
  last: arg.int({
    description: `The number of edges to return from the end of the connection, or before \`before\`. Must be between 1
and the maximum page size of the connection. Cannot be combined with \`first\`.`,
  }),
  before: arg.string({
    description: `The \`cursor\` of an edge: returns the edges before it. Without \`first\` and \`last\`, returns the
${DEFAULT_PAGE_SIZE} edges directly before it. Cannot be combined with \`after\`.`,
  }),
}));

/** The input field of a mutation that can be retried safely. */
export const idempotencyKeyField = (t: PothosSchemaTypes.InputFieldBuilder<Types, 'InputObject'>) =>
  t.string({
    description: `A key of your choice that makes retries safe, such as a UUID: 1 to ${MAX_IDEMPOTENCY_KEY_LENGTH} printable characters. For 24 hours, a
request with the same key and the same input returns the first result without writing again; with another input or another
operation, it returns \`IdempotencyConflictError\`. Keys are shared by all mutations of the workspace.`,
  });

const ErrorPolicy = builder.enumType('ErrorPolicy', {
  description: 'What a bulk mutation does if some of its inputs cannot be written.',
  values: {
    REJECT_ALL: { description: 'Writes nothing unless all inputs can be written.' },
    SKIP_FAILED: { description: 'Writes all inputs that can be written.' },
  } satisfies Record<ErrorPolicyName, object>,
});

/** The input field of a bulk mutation that decides what happens if some inputs fail. */
export const errorPolicyField = (t: PothosSchemaTypes.InputFieldBuilder<Types, 'InputObject'>) =>
  t.field({
    type: ErrorPolicy,
    required: true,
    defaultValue: 'REJECT_ALL',
    description: 'Whether inputs are written if others fail.',
  });

/** The input field of a bulk mutation that makes all of it safe to retry. */
export const bulkIdempotencyKeyField = (t: PothosSchemaTypes.InputFieldBuilder<Types, 'InputObject'>) =>
  t.string({
    description: `A key of your choice that makes retries of the whole mutation safe: 1 to ${MAX_IDEMPOTENCY_KEY_LENGTH} printable characters. For 24 hours,
the same inputs with the same key return the results of those that were written, and write those that failed. Other inputs with the same key
return \`IdempotencyConflictError\`.`,
  });
