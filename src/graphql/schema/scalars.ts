import { GraphQLError, GraphQLScalarType, Kind, type ValueNode, valueFromASTUntyped } from 'graphql';
import { DateTimeResolver } from 'graphql-scalars';
import {
  type Attributes,
  type AttributeValue,
  isAttributeValue,
  isJsonObject,
} from '../../domain/shared/attributes.ts';
import { toNumber, UnsafeNumber } from '../../domain/shared/json-numbers.ts';
import { attributeLimits } from '../../domain/shared/limits.ts';
import { builder, type InputAttributes, type InputValue } from './builder.ts';

const INVALID_VALUE = 'AttributeValue must be a string, a finite number or a boolean.';
const INVALID_ATTRIBUTES =
  'Attributes must be a flat JSON object whose values are strings, finite numbers or booleans.';

/** @throws {GraphQLError} if the value is not a string, a finite number or a boolean. */
function toAttributeValue(value: unknown): AttributeValue {
  if (isAttributeValue(value)) return value;
  throw new GraphQLError(INVALID_VALUE);
}

function isAttributes(value: unknown): value is Attributes {
  return isJsonObject(value) && Object.values(value).every(isAttributeValue);
}

/** @throws {GraphQLError} if the value is not a flat JSON object. */
function toAttributes(value: unknown): Attributes {
  if (isAttributes(value)) return value;
  throw new GraphQLError(INVALID_ATTRIBUTES);
}

/** Accepts unsafe numbers: the domain's validation rejects them, together with all other problems of an input. */
const isInputValue = (value: unknown): value is InputValue => isAttributeValue(value) || value instanceof UnsafeNumber;

function isInputAttributes(value: unknown): value is InputAttributes {
  return isJsonObject(value) && Object.values(value).every(isInputValue);
}

/** @throws {GraphQLError} if the value is not a string, a finite number or a boolean. */
function toInputValue(value: unknown): InputValue {
  if (isInputValue(value)) return value;
  throw new GraphQLError(INVALID_VALUE);
}

/** @throws {GraphQLError} if the value is not a flat JSON object. */
function toInputAttributes(value: unknown): InputAttributes {
  if (isInputAttributes(value)) return value;
  throw new GraphQLError(INVALID_ATTRIBUTES);
}

type Variables = Record<string, unknown> | null | undefined;

/**
 * Returns the value of a literal in a document; undefined for an enum name, which is not a valid value. While a document is
 * validated its variables have no values yet: a variable within attributes then counts as a valid value.
 */
function literal(node: ValueNode, variables: Variables): unknown {
  if (node.kind === Kind.VARIABLE) return variables ? variables[node.name.value] : '';
  if (node.kind === Kind.ENUM) return undefined;
  if (node.kind === Kind.INT || node.kind === Kind.FLOAT) return toNumber(node.value);
  if (node.kind !== Kind.OBJECT) return valueFromASTUntyped(node, variables);
  return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, literal(value, variables)]));
}

/** Rejects each value of a scalar that is only returned. @throws {GraphQLError} always. */
const rejectInput = (message: string) => () => {
  throw new GraphQLError(message);
};

const rejectFilter = rejectInput('UserFilterJSON is an output type; use UserFilter for inputs.');
const rejectExport = rejectInput('UserExport is an output type.');

/** @throws {GraphQLError} if the value is not a string. */
function toText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new GraphQLError('Duration must be a string.');
}

/** Serialization returns the value unchanged: `db/reading/instant.ts` has already formatted it. */
const dateTime = new GraphQLScalarType({ ...DateTimeResolver.toConfig(), serialize: (value) => value });

const UNSAFE_NUMBERS = `Integers beyond ±(2^53 - 1), and decimals that a 64-bit float does not preserve, are rejected
with the code \`UNSAFE_NUMBER\`; send them as strings.`;

builder.addScalarType('DateTime', dateTime, {
  description: `A point in time in RFC 3339 format, such as \`2021-01-12T05:24:39.062Z\`, with millisecond precision.
Inputs can have any UTC offset; results are in UTC.`,
});

builder.scalarType('Attributes', {
  description: `A flat JSON object whose values are strings, finite numbers or booleans. An input can have at most
${attributeLimits.keys} keys of 1 to ${attributeLimits.keyLength} characters, and ${attributeLimits.bytes / 1024} KB
in total. ${UNSAFE_NUMBERS}`,
  serialize: toAttributes,
  parseValue: toInputAttributes,
  parseLiteral: (node, variables) => toInputAttributes(literal(node, variables)),
});

builder.scalarType('AttributeValue', {
  description: `A string, a finite number or a boolean. ${UNSAFE_NUMBERS}`,
  serialize: toAttributeValue,
  parseValue: toInputValue,
  parseLiteral: (node, variables) => toInputValue(literal(node, variables)),
});

builder.scalarType('UserFilterJSON', {
  description: `A \`UserFilter\` as a JSON object, which can be sent back as a variable of the type \`UserFilter\`. In
canonical form: unset fields are omitted, fields are in alphabetical order, and timestamps are in UTC. Output only.`,
  serialize: (value) => value,
  parseValue: rejectFilter,
  parseLiteral: rejectFilter,
});

builder.scalarType('UserExport', {
  description: `Everything that is stored about a user, as a JSON object. docs/schemas/user-export.schema.json describes it; \`version\` is
incremented by changes that are not additions of properties. Output only.`,
  serialize: (value) => value,
  parseValue: rejectExport,
  parseLiteral: rejectExport,
});

/** The domain validates durations, together with the rest of an input. */
builder.scalarType('Duration', {
  description: `A duration of a fixed length in ISO 8601: weeks, days, hours and minutes, such as \`P30D\`, \`P2W\` or
\`PT12H\`. From \`PT1M\` to \`P3650D\`. Years and months are rejected, since they have no fixed length.`,
  serialize: String,
  parseValue: toText,
  parseLiteral: (node) => toText(node.kind === Kind.STRING ? node.value : undefined),
});
