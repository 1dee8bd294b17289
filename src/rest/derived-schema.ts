import { z } from 'zod';
import { unsafeNumberIn, unsafeNumberIssue } from '../domain/shared/attributes.ts';
import { dateValue } from './dates.ts';
import { restNameOf } from './operation.ts';

/** Conversions by the domain's object: a schema can contain itself. */
const converted = new WeakMap<z.ZodType, z.ZodType>();

/**
 * Converts a schema of the domain, which keeps its rules and its output, to one for JSON in the form of REST: names of fields are
 * in snake case, values of enums in lower case, and dates in any format that REST accepts.
 */
export function toRestSchema<Schema extends z.ZodType>(schema: Schema): z.ZodType<z.output<Schema>> {
  const existing = converted.get(schema);
  const result = existing ?? convert(schema);
  converted.set(schema, result);
  // Each part has the output of the part that it replaces.
  return result as z.ZodType<z.output<Schema>>;
}

function convert(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodObject) return convertObject(schema);
  if (schema instanceof z.ZodArray) return z.clone(schema, { ...schema.def, element: convertPart(schema.element) });
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return z.clone(schema, { ...schema.def, innerType: convertPart(schema.unwrap()) });
  }
  if (schema instanceof z.ZodEnum) return convertEnum(schema);
  if (schema instanceof z.ZodDate) return dateValue;
  return schema instanceof z.ZodNumber ? z.preprocess(rejectUnsafe, schema) : schema;
}

/** Types of nested schemas are those of zod's core, of which the classic schemas are the only implementation here. */
const convertPart = (schema: z.core.$ZodType) => toRestSchema(schema as z.ZodType);

/** The fields are read when they are first needed: by then, an object that contains itself has been converted. */
function convertObject(schema: z.ZodObject): z.ZodType {
  const names = new Map(Object.keys(schema.def.shape).map((name) => [restNameOf(name), name]));
  const shape = Object.defineProperties(
    {},
    Object.fromEntries(
      [...names].map(([restName, name]) => [
        restName,
        { enumerable: true, get: () => convertPart(schema.def.shape[name] ?? z.never()) },
      ]),
    ),
  );
  const object = z
    .strictObject(shape)
    .transform((value) =>
      Object.fromEntries(Object.entries(value).map(([restName, part]) => [names.get(restName) ?? restName, part])),
    );
  const { id, description } = schema.meta() ?? {};
  return id === undefined ? object : object.meta({ id, description });
}

function convertEnum(schema: z.ZodEnum): z.ZodType {
  const values = new Map(schema.options.map((value) => [String(value).toLowerCase(), value]));
  return z.enum([...values.keys()]).transform((value) => values.get(value));
}

/** Rejects numbers that a 64-bit float changes. */
export function rejectUnsafe(value: unknown, context: z.RefinementCtx): unknown {
  const unsafe = unsafeNumberIn(value);
  if (unsafe === undefined) return value;
  const { code, message } = unsafeNumberIssue(unsafe);
  context.addIssue({ code: 'custom', params: { code }, message });
  return z.NEVER;
}
