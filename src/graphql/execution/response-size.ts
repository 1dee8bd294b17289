import type { ExecutionResult, GraphQLError } from 'graphql';
import { isJsonObject } from '../../domain/shared/attributes.ts';
import { RateLimitedError } from '../../http/limits/rate.ts';
import type { ResponseBudget, ResponseTooLargeError } from '../../http/limits/unread-responses.ts';
import { limitExceeded } from '../checks/limits.ts';
import { rateLimited } from '../checks/rate.ts';

/**
 * Elements of longer lists are small, because the complexity limit applies to the objects of all lists together. Repeated
 * representations raise that limit tenfold (`checks/complexity.ts`), but no other list is longer.
 */
const MAX_SPLIT_LENGTH = 100;

/** Data of up to this size is serialized at once: splitting a page of 30 users takes 4 % of its CPU time. */
const MAX_UNSPLIT_BYTES = 32 * 1024 * 1024;

/**
 * Serializes the data of a result piece by piece and stops when the limit is exceeded. A row that a request selects many
 * times is one object in memory, and becomes large only as text.
 * @param limit in characters. @returns undefined if the text would be longer.
 */
export function stringifyWithin(data: unknown, limit: number): string | undefined {
  let remaining = limit;

  function writeWhole(value: unknown): string | undefined {
    const text = JSON.stringify(value) ?? 'null';
    remaining -= text.length;
    return remaining < 0 ? undefined : text;
  }

  /** Elements of a long list are serialized one by one; those of a short list are split further. */
  function writeList(values: readonly unknown[]): string | undefined {
    const writeElement = values.length > MAX_SPLIT_LENGTH ? writeWhole : write;
    let text = '[';
    for (const [index, value] of values.entries()) {
      const element = writeElement(value);
      if (element === undefined) return undefined;
      text += index === 0 ? element : `,${element}`;
    }
    return `${text}]`;
  }

  function writeObject(value: Record<string, unknown>): string | undefined {
    let text = '{';
    for (const name in value) {
      const field = value[name];
      if (field === undefined) continue;
      const fieldText = write(field);
      if (fieldText === undefined) return undefined;
      text += `${text === '{' ? '' : ','}${JSON.stringify(name)}:${fieldText}`;
    }
    return `${text}}`;
  }

  function write(value: unknown): string | undefined {
    if (Array.isArray(value)) return writeList(value);
    return isJsonObject(value) ? writeObject(value) : writeWhole(value);
  }

  return write(data);
}

/**
 * Serializes the data of a result if it fits into the memory that the response may take. The caller reserves that memory
 * synchronously: responses of many requests are built before the first one is sent.
 * @returns the text, or an error result if the data does not fit.
 */
export function serializeWithin(data: unknown, budget: ResponseBudget): string | ExecutionResult {
  const { maxBytes = Number.POSITIVE_INFINITY } = budget;
  const available = budget.availableBytes();
  const text = maxBytes > MAX_UNSPLIT_BYTES ? stringifyWithin(data, available) : (JSON.stringify(data) ?? 'null');
  if (text !== undefined && text.length <= available) return text;
  return {
    data: null,
    errors: [toGraphQLError(budget.rejection(text === undefined ? undefined : Buffer.byteLength(text)))],
  };
}

function toGraphQLError(rejection: ResponseTooLargeError | RateLimitedError): GraphQLError {
  return rejection instanceof RateLimitedError ? rateLimited(rejection) : limitExceeded(rejection.message);
}
