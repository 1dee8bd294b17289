import type { Types } from './builder.ts';

/** The field of an input whose write may be sent again. */
export const idempotencyKeyField = (t: PothosSchemaTypes.InputFieldBuilder<Types, 'InputObject'>) =>
  t.string({
    description: `A name for this write, such as a UUID: 1 to 255 printable characters. Within 24 hours, the same input with
the same key is answered without being written again; the key is the workspace’s, whatever the operation.`,
  });
