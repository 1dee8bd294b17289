import type { ExecutionResult, GraphQLError } from 'graphql';
import { isJsonObject } from '../../domain/shared/attributes.ts';
import type { AnswerBudget, AnswerTooLargeError } from '../../http/limits/unread-answers.ts';
import { RateLimitedError } from '../../http/limits/rate.ts';
import { rateLimited } from '../checks/rate.ts';
import { limitExceeded } from '../checks/limits.ts';

/** Lists with more elements have small ones: an operation's complexity bounds the rows of all of them. */
const MAX_SPLIT_LENGTH = 10;

/** Most elements of a long list that are serialised at once. An element has at most 480 KB: 30 aliases of attributes. */
const MAX_GROUP_SIZE = 16;

/**
 * Serialises the data of a result piece by piece, and stops when the pieces exceed the limit: rows that a request names many
 * times are held once, and become large only as text.
 * @param limit in characters. @returns undefined where there is more.
 */
export function stringifyWithin(data: unknown, limit: number): string | undefined {
  let left = limit;

  function whole(value: unknown): string | undefined {
    const text = JSON.stringify(value) ?? 'null';
    left -= text.length;
    return left < 0 ? undefined : text;
  }

  function list(values: readonly unknown[]): string | undefined {
    return values.length > MAX_SPLIT_LENGTH ? longList(values) : shortList(values);
  }

  function shortList(values: readonly unknown[]): string | undefined {
    let text = '[';
    for (const [place, value] of values.entries()) {
      const element = split(value);
      if (element === undefined) return undefined;
      text += place === 0 ? element : `,${element}`;
    }
    return `${text}]`;
  }

  /** Serialises groups that double in size: one call of `JSON.stringify` for each element takes 4 % of a page's CPU time. */
  function longList(values: readonly unknown[]): string | undefined {
    let text = '[';
    for (let start = 0, size = 1; start < values.length; size = Math.min(size * 2, MAX_GROUP_SIZE)) {
      const group = whole(values.slice(start, start + size));
      if (group === undefined) return undefined;
      text += `${start === 0 ? '' : ','}${group.slice(1, -1)}`;
      start += size;
    }
    return `${text}]`;
  }

  function object(value: Record<string, unknown>): string | undefined {
    let text = '{';
    for (const name in value) {
      const field = value[name];
      if (field === undefined) continue;
      const written = split(field);
      if (written === undefined) return undefined;
      text += `${text === '{' ? '' : ','}${JSON.stringify(name)}:${written}`;
    }
    return `${text}}`;
  }

  function split(value: unknown): string | undefined {
    if (Array.isArray(value)) return list(value);
    return isJsonObject(value) ? object(value) : whole(value);
  }

  return split(data);
}

/**
 * Serialises the data of a result within the memory that its answer may take now. The memory is to be reserved before anything
 * else happens, since answers of many requests are built before the first is sent.
 * @returns the text, or the result to answer with in place of data that does not fit.
 */
export function serializeWithin(data: unknown, budget: AnswerBudget): string | ExecutionResult {
  const text = stringifyWithin(data, budget.availableBytes());
  return text ?? { data: null, errors: [errorOf(budget.rejection())] };
}

function errorOf(rejection: AnswerTooLargeError | RateLimitedError): GraphQLError {
  return rejection instanceof RateLimitedError ? rateLimited(rejection) : limitExceeded(rejection.message);
}
