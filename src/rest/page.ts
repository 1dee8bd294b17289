import { z } from 'zod';
import {
  type CursorOwner,
  encodeCursor,
  MAX_USERS_PAGE_SIZE,
  type Page,
  type PageOfRows,
  parsePageArguments,
} from '../domain/shared/pagination.ts';

/** The REST names of the arguments of a page. */
export const argumentNames = { first: 'limit', last: 'limit', after: 'next_cursor', before: 'previous_cursor' };

/** The cursors of a response with a page. */
export const pageCursors = {
  next_cursor: z.string().optional().meta({ description: 'Present if there is a next page.' }),
  previous_cursor: z.string().optional().meta({ description: 'Present if there is a previous page.' }),
};

/** The page arguments of a request. */
interface PageInput {
  limit?: number | undefined;
  next_cursor?: string | undefined;
  previous_cursor?: string | undefined;
}

/** How to read the rows of a page and convert them to response objects. */
export interface PageReading<Row, Item> extends Omit<CursorOwner, 'scope'> {
  /** The scope of their cursors. */
  scope: number;
  read(page: Page): Promise<PageOfRows<Row>>;
  present(rows: readonly Row[]): Promise<Item[]>;
}

/** Builds the response with a page. @throws {ValidationError} if its arguments are invalid. */
export async function respondWithPage<Row, Item>(
  { limit, next_cursor: after, previous_cursor: before }: PageInput,
  { scope, read, present, ...rules }: PageReading<Row, Item>,
): Promise<{ data: Item[]; next_cursor?: string; previous_cursor?: string }> {
  const size = before === undefined || after !== undefined ? { first: limit } : { last: limit };
  const owner = { scope: () => scope, ...rules };
  const { rows, hasNextPage, hasPreviousPage } = await read(
    parsePageArguments({ ...size, after, before }, owner, MAX_USERS_PAGE_SIZE),
  );
  const [first, last] = [rows[0], rows.at(-1)];
  return {
    data: await present(rows),
    ...(hasNextPage && last ? { next_cursor: encodeCursor(scope, last) } : {}),
    ...(hasPreviousPage && first ? { previous_cursor: encodeCursor(scope, first) } : {}),
  };
}
