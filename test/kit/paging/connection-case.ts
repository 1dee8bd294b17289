import { afterAll, beforeAll, expect } from 'vitest';
import type { NodeType } from '../../../src/graphql/schema/global-id.ts';
import { type Answer, type Caller, startApp } from '../app.ts';
import { type Place, rowGlobalId, tens } from '../seed-rows.ts';

export type App = Awaited<ReturnType<typeof startApp>>;

/** A connection's arguments, and which of its fields are selected. */
export interface PageVariables {
  first?: number;
  after?: string;
  last?: number;
  before?: string;
  /** Edges, nodes and page information; true by default. */
  page?: boolean;
  /** The total count; false by default. */
  count?: boolean;
}

/** The selected fields of a connection. */
export interface ConnectionPage {
  edges?: { cursor: string; node: { id: string } }[];
  /** Undefined if the connection has no `nodes`. */
  nodes?: { id: string }[];
  pageInfo?: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor?: string | null;
    endCursor?: string | null;
  };
  totalCount?: number;
  totalCountIsCapped?: boolean;
}

/** A connection of the schema. Rows and parents are identified by their numbers (`seed-rows.ts`). */
export interface ConnectionCase {
  node: NodeType;
  /** Type of the parent; undefined for a connection of `Query`. */
  parent?: NodeType;
  /** False if the parent is named by an argument of a field of `Query` and is not read. */
  readsParent?: false;
  /** The maximum page size. */
  maximum: number;
  /** Adds rows to the connection of a parent, which is created if necessary. */
  add(place: Place, parent: number, rows: readonly number[]): Promise<void>;
  /** Removes a row from the connection. */
  remove(place: Place, parent: number, row: number): Promise<unknown>;
  /** Reads the connection of the parent with a global id. */
  read(app: App, parent: string, variables: PageVariables, caller?: Caller): Promise<Answer<ConnectionPage>>;
}

/** The numbers of the parent whose connection is read, and of another one. */
const PARENT = 1;
export const OTHER_PARENT = 2;

/** Rows for tests of every position, oldest first. */
export const FEW_ROWS = tens(5);

/** Rows for pages of the default size, oldest first. */
export const MANY_ROWS = tens(23);

/** The page of an answer, with the ids of its nodes. @throws {Error} if the answer has no page. */
export function pageOf({ data, errors }: Answer<ConnectionPage>) {
  if (!data?.edges || !data.pageInfo) throw new Error(`No page was returned: ${JSON.stringify(errors)}`);
  return { ...data, edges: data.edges, pageInfo: data.pageInfo, ids: data.edges.map(({ node }) => node.id) };
}

export type Direction = 'forwards' | 'backwards';

/**
 * Reads all pages, from the first row forwards or from the last row backwards.
 * @param afterPage called after each page.
 * @returns the ids in the order in which they were read.
 */
export async function walkPages(
  read: (variables: PageVariables) => Promise<ReturnType<typeof pageOf>>,
  size: number,
  direction: Direction,
  afterPage?: (page: number) => Promise<unknown>,
): Promise<string[]> {
  const forwards = direction === 'forwards';
  const seen: string[] = [];
  let variables: PageVariables = forwards ? { first: size } : { last: size };
  for (let number = 1; ; number += 1) {
    const { ids, pageInfo } = await read(variables);
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = pageInfo;
    expect({ number, hasPageBefore: forwards ? hasPreviousPage : hasNextPage }).toEqual({
      number,
      hasPageBefore: number > 1,
    });
    seen.push(...(forwards ? ids : ids.toReversed()));
    await afterPage?.(number);
    if (!(forwards ? hasNextPage : hasPreviousPage)) return seen;
    variables = forwards ? { first: size, after: endCursor ?? '' } : { last: size, before: startCursor ?? '' };
  }
}

/** Binds a connection to an app and a parent. */
export function connectionIn(app: App, connection: ConnectionCase, parent = PARENT) {
  const parentId = rowGlobalId(connection.parent ?? 'User', parent);
  const read = (variables: PageVariables = {}, caller?: Caller) => connection.read(app, parentId, variables, caller);

  /** Reads a page. @throws {Error} if the read fails. */
  const page = async (variables: PageVariables = {}, caller?: Caller) => pageOf(await read(variables, caller));

  return {
    read,
    page,
    add: (rows: readonly number[], place: Place = app) => connection.add(place, parent, rows),
    remove: (row: number) => connection.remove(app, parent, row),
    /** Returns the global ids of rows. */
    ids: (rows: readonly number[]) => rows.map((row) => rowGlobalId(connection.node, row)),
    /** Returns the cursors of the newest rows, by row. */
    async cursors(rows: readonly number[], caller?: Caller): Promise<Map<number, string>> {
      const { edges } = await page({ first: rows.length }, caller);
      const byId = new Map(edges.map(({ cursor, node }) => [node.id, cursor]));
      return new Map(rows.map((row) => [row, byId.get(rowGlobalId(connection.node, row)) ?? '']));
    },
    walk: (size: number, direction: Direction, afterPage?: (page: number) => Promise<unknown>) =>
      walkPages(page, size, direction, afterPage),
  };
}

/** Starts one app for the tests of a group, with rows in the connection. */
export function withRows(connection: ConnectionCase, rows: readonly number[]) {
  let app: App;
  beforeAll(async () => {
    app = await startApp();
    if (rows.length > 0) await connectionIn(app, connection).add(rows);
  });
  afterAll(() => app[Symbol.asyncDispose]());
  return () => ({ app, ...connectionIn(app, connection) });
}

/** Returns the paths and codes of a `BAD_USER_INPUT` error, sorted; the response if it has no such error. */
export function inputErrorsOf({ data, errors }: Answer<unknown>) {
  const [error, ...others] = errors ?? [];
  if (data || error?.extensions.code !== 'BAD_USER_INPUT' || others.length > 0) return { data, errors };
  return (error.extensions.issues ?? []).map(({ path, code }) => `${path.join('.')} ${code}`).toSorted();
}
