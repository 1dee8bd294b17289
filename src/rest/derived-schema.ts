import { z } from 'zod';
import { unsafeNumberIn, unsafeNumberIssue } from '../domain/shared/attributes.ts';
import { dateValue } from '../domain/shared/dates.ts';
import { restNameOf } from './operation.ts';

/** Conversions of objects: one can contain itself, and each has one definition in the OpenAPI document. */
const convertedObjects = new WeakMap<z.ZodObject, z.ZodType>();

/**
 * Converts a schema of the domain, which keeps its rules and its output, to one for JSON in the form of REST: names of fields are
 * in snake case, values of enums in lower case, and dates in any format that REST accepts.
 */
export function toRestSchema<Schema extends z.ZodType>(schema: Schema): z.ZodType<z.output<Schema>> {
  // Each part has the output of the part that it replaces.
  return convert(schema) as z.ZodType<z.output<Schema>>;
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

/** The types of nested schemas are those of Zod's core. Its classic schemas are the only implementation here. */
const convertPart = (schema: z.core.$ZodType) => convert(schema as z.ZodType);

/** The fields are read when they are first needed: by then, an object that contains itself has been converted. */
function convertObject(schema: z.ZodObject): z.ZodType {
  const existing = convertedObjects.get(schema);
  if (existing) return existing;
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
  // Rules across fields read the names of the domain. Their issues have no path within the object, which could contain such a name.
  const rules = (schema.def.checks ?? []) as z.core.$ZodCheck<object>[];
  const named = object.check(...rules).meta(schema.meta() ?? {});
  convertedObjects.set(schema, named);
  return named;
}

function convertEnum(schema: z.ZodEnum): z.ZodType {
  const values = new Map(schema.options.map((value) => [String(value).toLowerCase(), value]));
  return z.enum([...values.keys()]).transform((value) => values.get(value));
}

/** Rejects numbers that a 64-bit float changes. */
function rejectUnsafe(value: unknown, context: z.RefinementCtx): unknown {
  const unsafe = unsafeNumberIn(value);
  if (unsafe === undefined) return value;
  const { code, message } = unsafeNumberIssue(unsafe);
  context.addIssue({ code: 'custom', params: { code }, message });
  return z.NEVER;
}
