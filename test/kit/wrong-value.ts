import {
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
} from 'graphql';
import type { Choices } from './choices.ts';

/** Invalid values for each scalar. */
const INVALID_SCALARS: Readonly<Record<string, readonly unknown[]>> = {
  Int: ['1', 1.5, 2 ** 31, true, {}, [], [1], ''],
  Float: ['1', true, {}, [], [1]],
  String: [1, true, {}, [], ['text'], 0.5],
  ID: [true, 1.5, {}, [], ['id']],
  Boolean: ['true', 0, 1, {}, [], [true], ''],
  DateTime: ['yesterday', '2026-02-30T00:00:00Z', true, {}, [], ''],
  Attributes: [[], 'text', 1, true, { a: null }, { a: {} }, { a: [1] }],
  AttributeValue: [{}, []],
};

/**
 * Generates an invalid value for a type. The fault is at the top or nested: an array for an object, an object for an array, null
 * for a non-null type, a wrong scalar, an unknown field, or a missing required field.
 */
export function wrongValueOf(type: GraphQLInputType, choices: Choices): unknown {
  const { of, percent, below } = choices;
  if (isNonNullType(type)) return percent(20) ? null : wrongValueOf(type.ofType, choices);
  if (isListType(type)) {
    if (percent(30)) return of([{}, { 0: 'a' }, { length: 1 }]);
    return [...Array.from({ length: below(2) }, () => null), wrongValueOf(type.ofType, choices)];
  }
  if (isEnumType(type)) return of(['', 'nothing', 0, true, [], {}, ['nothing']]);
  if (!isInputObjectType(type)) return of(INVALID_SCALARS[type.name] ?? [{}]);
  const fields = Object.values(type.getFields());
  const required = fields.filter(isRequiredInputField);
  if (required.length > 0 && percent(20)) return {};
  if (percent(50)) return of<unknown>([[], [], [], [{}], 'text', 1, true, '']);
  if (percent(20)) return { nothing: 1 };
  const field = of(fields);
  return { [field.name]: wrongValueOf(field.type, choices) };
}
