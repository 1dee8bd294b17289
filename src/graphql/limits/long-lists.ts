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

/** A list that is too long. @param path to it, within the input. @param what its items are called. */
export const tooMany = (path: string[], what: string, limit: number, items: number): ValidationIssue => ({
  path,
  code: 'TOO_MANY',
  message: `must hold at most ${limit} ${what}, not ${items}`,
});

/** Finds the lists of a value that are too long, as far as its type has lists. What is of a wrong type is skipped. */
export function longLists(value: unknown, type: GraphQLInputType, path: string[], limit: number): ValidationIssue[] {
  const nullable = getNullableType(type);
  if (isListType(nullable) && Array.isArray(value)) {
    if (value.length > limit) return [tooMany(path, 'items', limit, value.length)];
    if (isLeafType(getNullableType(nullable.ofType))) return [];
    return value.flatMap((item, place) => longLists(item, nullable.ofType, [...path, String(place)], limit));
  }
  if (isListType(nullable)) return longLists(value, nullable.ofType, path, limit);
  if (!isInputObjectType(nullable) || !isJsonObject(value)) return [];
  return listFieldsOf(nullable).flatMap(({ name, type: fieldType }) =>
    longLists(value[name], fieldType, [...path, name], limit),
  );
}

/** Whether values of a type may hold lists. */
export function mayHoldLists(type: GraphQLInputType): boolean {
  const named = getNamedType(type);
  return isListType(getNullableType(type)) || (isInputObjectType(named) && listFieldsOf(named).length > 0);
}

/** The fields of each input type that may hold lists: of most, none. */
const listFields = new WeakMap<GraphQLInputObjectType, GraphQLInputField[]>();

function listFieldsOf(type: GraphQLInputObjectType): GraphQLInputField[] {
  const known = listFields.get(type);
  if (known) return known;
  const fields = Object.values(type.getFields());
  // Until it is known, for a type that leads to itself.
  listFields.set(type, fields);
  const holding = fields.filter((field) => mayHoldLists(field.type));
  listFields.set(type, holding);
  return holding;
}
