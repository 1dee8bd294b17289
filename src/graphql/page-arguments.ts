import { DEFAULT_PAGE_SIZE } from '../domain/page.ts';
import { builder } from './builder.ts';

/** The arguments of every connection. */
export const pageArguments = builder.args((arg) => ({
  first: arg.int({ description: `Number of edges from the newest on; ${DEFAULT_PAGE_SIZE} by default.` }),
  after: arg.string({ description: 'Cursor of the edge that the page comes after. Not with `before`.' }),
  last: arg.int({ description: 'Number of edges up to the oldest, instead of `first`.' }),
  before: arg.string({ description: 'Cursor of the edge that the page comes before. Not with `after`.' }),
}));
