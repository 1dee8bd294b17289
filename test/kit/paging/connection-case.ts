import type { NodeType } from '../../../src/graphql/schema/global-id.ts';
import type { Answer, Caller, startApp } from '../app.ts';
import { type Place, rowGlobalId } from '../seed-rows.ts';

export type App = Awaited<ReturnType<typeof startApp>>;

/** A connection's arguments, and what of it is selected. */
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

/** What a connection's operation selects. */
export interface ConnectionPage {
  edges?: { cursor: string; node: { id: string } }[];
  /** Undefined for a connection that has none. */
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

/** One connection of the schema, for the suite. Rows and parents go by the numbers of seed-rows.ts. */
export interface ConnectionCase {
  node: NodeType;
  /** Type of the parent; undefined for a connection of `Query`. */
  parent?: NodeType;
  maximum: number;
  /** Puts rows into the connection of a parent, which is made where it is missing. */
  add(place: Place, parent: number, rows: readonly number[]): Promise<void>;
  /** Takes a row from it. */
  remove(place: Place, parent: number, row: number): Promise<unknown>;
  /** Reads the connection of the parent with a global id. */
  read(app: App, parent: string, variables: PageVariables, caller?: Caller): Promise<Answer<ConnectionPage>>;
}

/** The parent whose connection is read, and one beside it. */
export const PARENT = 1;
export const OTHER_PARENT = 2;

/** A connection with what the suites do to it, in short words. */
export function connectionIn(app: App, connection: ConnectionCase, parent = PARENT) {
  const parentId = rowGlobalId(connection.parent ?? 'User', parent);
  const read = (variables: PageVariables = {}, caller?: Caller) => connection.read(app, parentId, variables, caller);

  /** Reads a page, which is to succeed. */
  async function page(variables: PageVariables = {}, caller?: Caller) {
    const { data, errors } = await read(variables, caller);
    if (!data?.edges || !data.pageInfo) throw new Error(`There is no page: ${JSON.stringify(errors)}`);
    return { ...data, edges: data.edges, pageInfo: data.pageInfo, ids: data.edges.map(({ node }) => node.id) };
  }

  return {
    read,
    page,
    add: (rows: readonly number[], place: Place = app) => connection.add(place, parent, rows),
    remove: (row: number) => connection.remove(app, parent, row),
    /** Global ids of rows. */
    ids: (rows: readonly number[]) => rows.map((row) => rowGlobalId(connection.node, row)),
    /** The cursors of the rows on the page, by row. */
    async cursors(rows: readonly number[], caller?: Caller): Promise<Map<number, string>> {
      const { edges } = await page({ first: rows.length }, caller);
      const byId = new Map(edges.map(({ cursor, node }) => [node.id, cursor]));
      return new Map(rows.map((row) => [row, byId.get(rowGlobalId(connection.node, row)) ?? '']));
    },
    /** All pages from the newest row on (or from the oldest, backwards), doing something after each. */
    async walk(size: number, direction: 'forwards' | 'backwards', between: (page: number) => Promise<unknown>) {
      const seen: string[] = [];
      let variables: PageVariables = direction === 'forwards' ? { first: size } : { last: size };
      for (let number = 1; ; number += 1) {
        const { ids, pageInfo } = await page(variables);
        const forwards = direction === 'forwards';
        seen.push(...(forwards ? ids : ids.toReversed()));
        await between(number);
        if (!(forwards ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) return seen;
        variables = forwards
          ? { first: size, after: pageInfo.endCursor ?? '' }
          : { last: size, before: pageInfo.startCursor ?? '' };
      }
    },
  };
}
