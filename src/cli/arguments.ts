import { InvalidArgumentError } from 'commander';
import type { z } from 'zod';

/** An argument's parser for commander out of a schema. */
export function parsedBy<Schema extends z.ZodType>(schema: Schema): (text: string) => z.output<Schema> {
  return (text) => {
    const parsed = schema.safeParse(text);
    if (parsed.success) return parsed.data;
    throw new InvalidArgumentError(`It ${parsed.error.issues.map(({ message }) => message).join(', and it ')}.`);
  };
}
