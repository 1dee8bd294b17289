import type { z } from 'zod';

/** A field of an update that may be left out, but not cleared; null passes the type, to be a fault among others. */
export function notNull<Field extends z.ZodType>(field: Field) {
  return field
    .nullable()
    .optional()
    .refine((value) => value !== null, { params: { code: 'NOT_NULLABLE' }, error: 'cannot be cleared' });
}
