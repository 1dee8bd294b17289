import type { ObjectRef } from '@pothos/core';
import { isFailure, type Outcome } from '../../domain/shared/bulk.ts';
import { BatchRejectedError, type DomainError, ValidationError } from '../../domain/shared/errors.ts';
import type { Scope } from '../../domain/shared/scopes.ts';
import { builder, type Types } from './builder.ts';

/** What the resolver of a bulk mutation returns. */
interface Bulk<Result> {
  /** The outcome of each input, in order. */
  outcomes: readonly Outcome<Result>[];
}

interface BulkPayloadOptions<Result, Payload> {
  /** The name of the mutation in upper camel case, such as `AddEvents`, with which the names of its types begin. */
  name: string;
  /** What an input is called in descriptions, in the singular, such as `event`. */
  input: string;
  /** The scope of the mutation. */
  scope: Scope;
  /** The payload of the mutation that writes a single input. */
  payload: ObjectRef<Types, Payload>;
  toPayload: (result: Result) => Payload;
  /** The errors of an input, besides `ValidationError` and `BatchRejectedError`. */
  errors: (new (
    ...args: never[]
  ) => DomainError)[];
  /** What a result is and when which error is returned, for the description of the union: sentences. */
  resultDescription: string;
  /** Counts of inputs that were written, by field name; `failedCount` is always there. */
  counts: Record<string, { description: string; includes?: (result: Result) => boolean }>;
}

/**
 * The payload of a bulk mutation: `items`, with the payload of the single mutation or an error for each input, and counts. It
 * defines the types `…Payload`, `…Item` and `…ItemResult`.
 */
export function bulkPayload<Result extends object, Payload extends object>(
  options: BulkPayloadOptions<Result, Payload>,
): ObjectRef<Types, Bulk<Result>> {
  const { name, input, counts } = options;
  const Item = bulkItem(options);
  return builder.objectRef<Bulk<Result>>(`${name}Payload`).implement({
    description: `The results of the ${input}s.`,
    fields: (t) => {
      const countOf = (includes: (outcome: Outcome<Result>) => boolean, description: string) =>
        t.int({ description, resolve: ({ outcomes }) => outcomes.filter(includes).length });
      return {
        items: t.field({
          type: [Item],
          extensions: { cost: 0 },
          description: `A result for each ${input} of the input, in the same order.`,
          resolve: ({ outcomes }) => outcomes.map((outcome, index) => ({ index, outcome })),
        }),
        ...Object.fromEntries(
          Object.entries(counts).map(([field, { description, includes }]) => [
            field,
            countOf((outcome) => !isFailure(outcome) && (includes?.(outcome) ?? true), description),
          ]),
        ),
        failedCount: countOf(isFailure, 'The number of inputs that were not written.'),
      };
    },
  });
}

function bulkItem<Result extends object>({
  name,
  input,
  scope,
  payload,
  toPayload,
  errors,
  resultDescription,
}: BulkPayloadOptions<Result, object>) {
  const mutation = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  return builder.objectRef<{ index: number; outcome: Outcome<Result> }>(`${name}Item`).implement({
    description: `What became of one ${input} of \`${mutation}\`.`,
    requiresScopes: [scope],
    fields: (t) => ({
      index: t.exposeInt('index', { description: `The position of the ${input} in the input, from 0.` }),
      result: t.field({
        type: payload,
        extensions: { cost: 0 },
        description: `The payload of the ${input}, or the reason why it was not written.`,
        errors: {
          types: [ValidationError, ...errors, BatchRejectedError],
          union: { name: `${name}ItemResult`, description: resultDescription },
        },
        resolve: ({ outcome }) => {
          if (isFailure(outcome)) throw outcome.error;
          return toPayload(outcome);
        },
      }),
    }),
  });
}
