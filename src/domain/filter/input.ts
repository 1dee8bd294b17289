import { z } from 'zod';
import { attributeKey } from '../shared/attributes.ts';
import { instant } from '../shared/instant.ts';
import { MAX_FILTER_TEXT_LENGTH } from '../shared/limits.ts';
import { text } from '../shared/text.ts';
import { notNull } from '../shared/validation.ts';
import { duration } from './duration.ts';

// The conditions on single values as both APIs receive them. Conditions of one object are combined with AND, and an omitted one holds.
// Null is rejected, since it could mean that, or that a value is missing (`isNull`). The ids are the names of the types in both APIs.

const operand = text(0, MAX_FILTER_TEXT_LENGTH);
export const flag = notNull(z.boolean());

const equality = <Operand extends z.ZodType>(each: Operand) => ({
  eq: notNull(each),
  ne: notNull(each),
  in: notNull(z.array(each)),
  notIn: notNull(z.array(each)),
});

export const order = <Operand extends z.ZodType>(each: Operand) => ({
  lt: notNull(each),
  lte: notNull(each),
  gt: notNull(each),
  gte: notNull(each),
});

export const stringFilter = z
  .strictObject({
    ...equality(operand),
    contains: notNull(operand),
    startsWith: notNull(operand),
    endsWith: notNull(operand),
    isNull: flag,
    caseSensitive: flag,
  })
  .meta({
    id: 'StringFilter',
    description:
      'Conditions on a text, all of which must hold. A missing text satisfies none of them except that it is missing.',
  });

const numberFilter = z.strictObject({ ...equality(z.number()), ...order(z.number()) }).meta({
  id: 'NumberFilter',
  description: 'Conditions on a number, all of which must hold. Values of another type satisfy none of them.',
});

export const booleanFilter = z
  .strictObject({ eq: flag, isNull: flag })
  .meta({ id: 'BooleanFilter', description: 'Conditions on a boolean, all of which must hold.' });

export const dateTimeFilter = z
  .strictObject({
    eq: notNull(instant),
    ne: notNull(instant),
    ...order(instant),
    isNull: flag,
    within: notNull(duration),
    before: notNull(duration),
  })
  .meta({
    id: 'DateTimeFilter',
    description:
      'Conditions on a point in time, all of which must hold. within: less than this long ago; before: at least this long ago, both as ISO 8601 durations such as P30D.',
  });

/** The conditions on a value whose type is not fixed. For each of them, a value of another type counts as missing. */
const attributeTests = {
  string: notNull(stringFilter),
  number: notNull(numberFilter),
  boolean: notNull(booleanFilter),
  dateTime: notNull(dateTimeFilter),
  exists: flag,
};

/** A filter for the value of an event. */
export const valueFilter = z.strictObject(attributeTests).meta({
  id: 'ValueFilter',
  description:
    'Conditions on a value that can have any type, all of which must hold. A value of another type counts as missing.',
});

/** A filter for an attribute of a user, or a property of an event. */
export const attributeFilter = z.strictObject({ key: attributeKey, ...attributeTests }).meta({
  id: 'AttributeFilter',
  description:
    'Conditions on the attribute with a key, all of which must hold. A value of another type counts as missing.',
});

export type StringFilter = z.input<typeof stringFilter>;
export type NumberFilter = z.input<typeof numberFilter>;
export type BooleanFilter = z.input<typeof booleanFilter>;
export type DateTimeFilter = z.input<typeof dateTimeFilter>;
/** The conditions on the value of an attribute or of an event. */
export type ValueFilter = z.input<typeof valueFilter>;
export type AttributeFilter = z.input<typeof attributeFilter>;
