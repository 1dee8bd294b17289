import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { defaultLimits } from '../config/limits.ts';
import { withDates } from '../domain/segments/stored-filter.ts';
import { isJsonObject } from '../domain/shared/attributes.ts';
import { ValidationError } from '../domain/shared/errors.ts';
import { JsonSyntaxError, parseJson } from '../domain/shared/json-numbers.ts';
import { validate } from '../domain/shared/validation.ts';
import { type UserFilter, userFilter } from '../domain/users/filter/input.ts';
import { filterExcess, measureFilter } from '../domain/users/filter/size.ts';
import { decodeIdOf } from '../graphql/schema/global-id.ts';
import { CliError } from './output.ts';

/** An id as GraphQL and as REST have it. */
const idOf = (type: 'List' | 'Segment') =>
  z.string().transform((text, context) => {
    const id = decodeIdOf(type, text) ?? z.uuid().safeParse(text).data?.toLowerCase();
    if (id !== undefined) return id;
    context.addIssue({
      code: 'custom',
      params: { code: 'INVALID_ID' },
      message: `must be the id of a ${type.toLowerCase()}`,
    });
    return z.NEVER;
  });

const filterSchema = userFilter({ list: idOf('List'), segment: idOf('Segment') });

/** Converts texts with a date, or with a time and an offset. */
function toDate(value: unknown): unknown {
  const text = z.union([z.iso.date(), z.iso.datetime({ offset: true })]).safeParse(value).data;
  return text === undefined ? value : new Date(text);
}

/** Converts names of platforms, which GraphQL has in upper case. */
function withPlatforms(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withPlatforms);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name,
      name === 'platform' && typeof part === 'string' ? part.toLowerCase() : withPlatforms(part),
    ]),
  );
}

/**
 * Reads a file with a filter: the JSON of a `UserFilter` of GraphQL.
 * @throws {CliError} naming the file, and everything that is wrong with the filter.
 */
export async function readUserFilter(path: string): Promise<UserFilter> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new CliError(`Cannot read ${path}: ${error.message}`);
  });
  try {
    const value = parseJson(text);
    // First, since it bounds the depth of what follows.
    const excess = filterExcess(measureFilter(value), defaultLimits);
    if (excess !== undefined) throw new CliError(`${path}: ${excess}`);
    return validate(filterSchema, withDates(filterSchema, withPlatforms(value), toDate));
  } catch (error) {
    const isExpected = error instanceof JsonSyntaxError || error instanceof ValidationError;
    throw isExpected ? new CliError(`${path} has no valid filter: ${error.message}`) : error;
  }
}
