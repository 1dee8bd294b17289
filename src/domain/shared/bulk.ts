import type { z } from 'zod';
import type { Database } from '../../db/client.ts';
import type { WriteDb } from '../../db/statements.ts';
import { inTransaction } from '../../db/transaction.ts';
import { BatchRejectedError, DomainError, ValidationError } from './errors.ts';
import { validationIssues } from './validation.ts';

/** What a bulk write does if some of its inputs cannot be written: nothing at all, or all the others. */
export const errorPolicies = ['REJECT_ALL', 'SKIP_FAILED'] as const;

/** One of `errorPolicies`. */
export type ErrorPolicy = (typeof errorPolicies)[number];

/** Why an input was not written. */
export interface Failure {
  error: DomainError;
  /**
   * Set if an earlier request with the same idempotency key wrote the input, and its result no longer exists. The input was
   * not rejected, so that the error policy does not apply.
   */
  isReplayed?: true;
}

/** The result of one input of a bulk write. */
export type Outcome<Result> = Result | Failure;

/** Whether an input was not written. */
export const isFailure = (outcome: unknown): outcome is Failure =>
  typeof outcome === 'object' && outcome !== null && 'error' in outcome && outcome.error instanceof DomainError;

/** Validates each input of a bulk write independently. @returns the parsed input or its error, in order. */
export const parseEach = <Schema extends z.ZodType>(
  schema: Schema,
  inputs: readonly unknown[],
): Outcome<z.output<Schema>>[] =>
  inputs.map((input) => {
    const parsed = schema.safeParse(input);
    return parsed.success ? parsed.data : { error: new ValidationError(validationIssues(parsed.error.issues)) };
  });

/** Rolls a transaction back and carries its outcomes. */
class Rejection<Result> extends Error {
  readonly outcomes: Outcome<Result>[];

  constructor(outcomes: Outcome<Result>[]) {
    super('A bulk write was rejected.');
    this.outcomes = outcomes;
  }
}

/**
 * Writes the valid inputs of a bulk write with an error policy, in one transaction.
 * @param write writes inputs and returns an outcome for each, in order.
 * @returns an outcome for each input, in order. With `REJECT_ALL` and any failure, nothing is written, and the other
 * inputs have a `BatchRejectedError`.
 */
export async function writeBulk<Input extends object, Result extends object>(
  db: Database,
  errorPolicy: ErrorPolicy,
  inputs: readonly Outcome<Input>[],
  write: (tx: WriteDb, inputs: readonly Input[]) => Promise<Outcome<Result>[]>,
): Promise<Outcome<Result>[]> {
  const valid = [...inputs.entries()].flatMap(([place, input]) => (isFailure(input) ? [] : [{ place, input }]));
  const merge = (written: readonly Outcome<Result>[]): Outcome<Result>[] => {
    const outcomes: (Outcome<Result> | undefined)[] = inputs.map((input) => (isFailure(input) ? input : undefined));
    for (const [index, { place }] of valid.entries()) outcomes[place] = written[index];
    return outcomes.map((outcome) => outcome ?? { error: new BatchRejectedError() });
  };
  if (valid.length === 0) return merge([]);
  const values = valid.map(({ input }) => input);
  try {
    return merge(
      await inTransaction(db, async (tx) => {
        const outcomes = await write(tx, values);
        const hasFailed =
          valid.length < inputs.length || outcomes.some((outcome) => isFailure(outcome) && !outcome.isReplayed);
        // Only now, so that the failures of all inputs are reported.
        if (errorPolicy === 'REJECT_ALL' && hasFailed) throw new Rejection(outcomes);
        return outcomes;
      }),
    );
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return merge(error.outcomes.map((outcome) => (isFailure(outcome) ? outcome : { error: new BatchRejectedError() })));
  }
}
