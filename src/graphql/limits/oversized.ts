import {
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isLeafType,
  isListType,
} from 'graphql';
import { isJsonObject } from '../../domain/attributes.ts';
import type { ValidationIssue } from '../../domain/errors.ts';

/** A list or an object that is too large. @param path to it, within the input. @param what it holds. */
export const tooMany = (path: string[], what: string, limit: number, items: number): ValidationIssue => ({
  path,
  code: 'TOO_MANY',
  message: `must hold at most ${limit} ${what}, not ${items}`,
});

/**
 * Finds the lists and input objects of a value that hold too much, as far as its type has them; an object may have all fields of
 * its type. graphql-js says of each field that the type has not what the whole object is, which takes seconds for a
 * megabyte of them. What is of a wrong type is skipped.
 */
export function oversized(value: unknown, type: GraphQLInputType, path: string[], limit: number): ValidationIssue[] {
  const nullable = getNullableType(type);
  if (isListType(nullable) && Array.isArray(value)) {
    if (value.length > limit) return [tooMany(path, 'items', limit, value.length)];
    if (isLeafType(getNullableType(nullable.ofType))) return [];
    return value.flatMap((item, place) => oversized(item, nullable.ofType, [...path, String(place)], limit));
  }
  if (isListType(nullable)) return oversized(value, nullable.ofType, path, limit);
  if (!isInputObjectType(nullable) || !isJsonObject(value)) return [];
  const most = Math.max(limit, Object.keys(nullable.getFields()).length);
  const fields = Object.keys(value).length;
  if (fields > most) return [tooMany(path, 'fields', most, fields)];
  return holdingFieldsOf(nullable).flatMap(({ name, type: fieldType }) =>
    oversized(value[name], fieldType, [...path, name], limit),
  );
}

/** Whether values of a type may hold anything: lists and input objects. */
export function mayHold(type: GraphQLInputType): boolean {
  return isListType(getNullableType(type)) || isInputObjectType(getNamedType(type));
}

/** The fields of each input type that may hold anything: of most, few. */
const holdingFields = new WeakMap<GraphQLInputObjectType, GraphQLInputField[]>();

function holdingFieldsOf(type: GraphQLInputObjectType): GraphQLInputField[] {
  const known = holdingFields.get(type);
  if (known) return known;
  const holding = Object.values(type.getFields()).filter((field) => mayHold(field.type));
  holdingFields.set(type, holding);
  return holding;
}
