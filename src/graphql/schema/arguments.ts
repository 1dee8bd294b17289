import { DEFAULT_PAGE_SIZE } from '../../domain/shared/pagination.ts';
import { builder, type Types } from './builder.ts';

/** The arguments of every connection. */
export const pageArguments = builder.args((arg) => ({
  first: arg.int({ description: `Number of edges from the newest on; ${DEFAULT_PAGE_SIZE} by default.` }),
  after: arg.string({ description: 'Cursor of the edge that the page comes after. Not with `before`.' }),
  last: arg.int({ description: 'Number of edges up to the oldest, instead of `first`.' }),
  before: arg.string({ description: 'Cursor of the edge that the page comes before. Not with `after`.' }),
}));

/** The field of an input whose write may be sent again. */
export const idempotencyKeyField = (t: PothosSchemaTypes.InputFieldBuilder<Types, 'InputObject'>) =>
  t.string({
    description: `A name for this write, such as a UUID: 1 to 255 printable characters. Within 24 hours, the same input with
the same key is answered without being written again; the key is the workspace’s, whatever the operation.`,
  });
