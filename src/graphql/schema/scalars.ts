import { GraphQLError, GraphQLScalarType, Kind, type ValueNode, valueFromASTUntyped } from 'graphql';
import { DateTimeResolver } from 'graphql-scalars';
import {
  type Attributes,
  type AttributeValue,
  isAttributeValue,
  isJsonObject,
} from '../../domain/shared/attributes.ts';
import { toNumber, UnsafeNumber } from '../../domain/shared/json-numbers.ts';
import { builder, type InputAttributes, type InputValue } from './builder.ts';

const NOT_A_VALUE = 'An AttributeValue is a string, a finite number or a boolean.';
const NOT_ATTRIBUTES = 'Attributes are a flat JSON object whose values are strings, finite numbers or booleans.';

/** @throws {GraphQLError} for anything but a string, a finite number or a boolean. */
function toAttributeValue(value: unknown): AttributeValue {
  if (isAttributeValue(value)) return value;
  throw new GraphQLError(NOT_A_VALUE);
}

function isAttributes(value: unknown): value is Attributes {
  return isJsonObject(value) && Object.values(value).every(isAttributeValue);
}

/** @throws {GraphQLError} for anything but a flat JSON object. */
function toAttributes(value: unknown): Attributes {
  if (isAttributes(value)) return value;
  throw new GraphQLError(NOT_ATTRIBUTES);
}

/** The domain's validation rejects unsafe numbers, together with all other faults of an input. */
const isInputValue = (value: unknown): value is InputValue => isAttributeValue(value) || value instanceof UnsafeNumber;

function isInputAttributes(value: unknown): value is InputAttributes {
  return isJsonObject(value) && Object.values(value).every(isInputValue);
}

/** @throws {GraphQLError} for anything but a string, a finite number or a boolean. */
function toInputValue(value: unknown): InputValue {
  if (isInputValue(value)) return value;
  throw new GraphQLError(NOT_A_VALUE);
}

/** @throws {GraphQLError} for anything but a flat JSON object. */
function toInputAttributes(value: unknown): InputAttributes {
  if (isInputAttributes(value)) return value;
  throw new GraphQLError(NOT_ATTRIBUTES);
}

type Variables = Record<string, unknown> | null | undefined;

/**
 * The value of a literal in a document. Enum names are no values. A variable within attributes has its value when the
 * operation is executed; while the document is validated it has none yet, and passes for any.
 */
function literal(node: ValueNode, variables: Variables): unknown {
  if (node.kind === Kind.VARIABLE) return variables ? variables[node.name.value] : '';
  if (node.kind === Kind.ENUM) return undefined;
  if (node.kind === Kind.INT || node.kind === Kind.FLOAT) return toNumber(node.value);
  if (node.kind !== Kind.OBJECT) return valueFromASTUntyped(node, variables);
  return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, literal(value, variables)]));
}

/** Its instants are made by the database (`db/reading/instant.ts`), and are right already. */
const dateTime = new GraphQLScalarType({ ...DateTimeResolver.toConfig(), serialize: (value) => value });

builder.addScalarType('DateTime', dateTime, {
  description:
    'An instant in RFC 3339, such as `2021-01-12T05:24:39.062Z`, kept to the millisecond; answers are in UTC.',
});

builder.scalarType('Attributes', {
  description: `A flat JSON object; values are strings, finite numbers or booleans.
An input has at most 100 keys of 1 to 64 characters, and 16 KB in all. A number that a 64-bit float would change, and an
integer beyond 2^53 - 1, is rejected (\`UNSAFE_NUMBER\`): send it as a string.`,
  serialize: toAttributes,
  parseValue: toInputAttributes,
  parseLiteral: (node, variables) => toInputAttributes(literal(node, variables)),
});

builder.scalarType('AttributeValue', {
  description: `A string, a finite number or a boolean. A number that a 64-bit float would change, and an integer beyond
2^53 - 1, is rejected (\`UNSAFE_NUMBER\`): send it as a string.`,
  serialize: toAttributeValue,
  parseValue: toInputValue,
  parseLiteral: (node, variables) => toInputValue(literal(node, variables)),
});
