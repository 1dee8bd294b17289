import type { ObjectRef } from '@pothos/core';
import type { GraphQLResolveInfo } from 'graphql';
import { COUNT_CAP } from '../../db/reading/count.ts';
import type { Keyed, KeysetSource, Page, PageOfRows } from '../../db/reading/keyset.ts';
import { cursorScope, encodeCursor, type PageArguments, parsePageArguments } from '../../domain/shared/pagination.ts';
import type { Context } from '../context.ts';
import type { PageRow } from '../loaders/index.ts';
import type { PartOf } from '../loaders/partial-rows.ts';
import { selectionOf } from '../loaders/selected-fields.ts';
import { builder, type Types } from './builder.ts';
import type { RowColumns } from './columns-plugin.ts';
import '../checks/limits.ts';

/** A connection as the resolvers of its type receive it. Its page and its count are read when they are selected, and once. */
export interface Connection<Row extends { id: string }> {
  /** The scope of the connection's cursors. */
  scope(): number;
  /** The page. Whether there are rows before and after it is known only if `pageInfo` is selected. */
  page(): Promise<PageOfRows<PageRow<Row>>>;
  /** The number of rows in the whole connection, up to one more than the cap. */
  count(): Promise<number>;
}

/** A row, and the scope of its cursor, which is computed only if it is selected. */
export interface Edge<Row extends { id: string }> {
  scope(): number;
  row: PageRow<Row>;
}

interface ConnectionOptions<Row> {
  /** Id of the parent; for a connection of `Query`, the workspace's. */
  parent: string;
  source: KeysetSource<Row>;
  args: PageArguments;
  /** The maximum page size. */
  maximum: number;
}

function once<Value>(compute: () => Value): () => Value {
  let computed: { value: Value } | undefined;
  return () => {
    computed ??= { value: compute() };
    return computed.value;
  };
}

/** Opens a connection. @throws {ValidationError} if its arguments are invalid. */
export function connect<Row extends { id: string }>(
  { viewer, loaders }: Context,
  info: GraphQLResolveInfo,
  { parent, source, args, maximum }: ConnectionOptions<Row>,
): Connection<Row> {
  const scope = once(() => cursorScope(`${info.parentType.name}.${info.fieldName}`, viewer.workspaceId, parent));
  const { fields, columns } = selectionOf(info);
  const page: Page = { ...parsePageArguments(args, scope, maximum), withNeighbours: fields.has('pageInfo') };
  return {
    scope,
    page: once(() => loaders.page(source, page, parent, columns)),
    count: once(() => loaders.count(source, parent)),
  };
}

/** A field of an edge that is a column of its row, such as a membership's. */
export function fromRow<Row extends { id: string }, Column extends keyof Row & string>(
  column: Column,
): (edge: Edge<Row>) => Row[Column] {
  const resolve = ({ row }: { row: object }) => (row as Row)[column];
  return Object.assign(resolve, { columns: [column] });
}

interface ConnectionTypeOptions<Node> {
  /** `User` defines `UserConnection` and `UserEdge`. */
  name: string;
  node: ObjectRef<Types, PartOf<Node>>;
  description: string;
  /** The columns that fields of the edge expose, in addition to the node's. */
  row?: RowColumns;
}

const CAP = COUNT_CAP.toLocaleString('en-US');

/** Fields whose cost is included in the cost of the connection (`checks/complexity.ts`). */
const partOfPage = { cost: 0, passesRows: true, columns: [] } as const;

/** The cost of a count, which spans all pages. */
const countCost = { cost: 1 };

/** Defines `<name>Connection` and `<name>Edge`. @typeParam Row the node, and the further columns of the edge. */
export function connectionTypes<Node extends { id: string }, Row extends Node = Node>(
  options: ConnectionTypeOptions<Node>,
) {
  const { name, node, description, row: rowColumns } = options;
  const edge = builder.objectRef<Edge<Row>>(`${name}Edge`).implement({
    description: `An edge of \`${name}Connection\`: a node and its cursor.`,
    ...(rowColumns ? { row: rowColumns } : {}),
    fields: (t) => ({
      cursor: t.string({
        description: 'The position of the edge, for `after` and `before`. Opaque; stays valid if the node is deleted.',
        extensions: { columns: [] },
        resolve: ({ scope, row }) => encodeCursor(scope(), row.id),
      }),
      node: t.field({
        type: node,
        description: 'The node at the end of the edge.',
        extensions: partOfPage,
        // The row has the node's columns; Pothos cannot tell for a type parameter.
        resolve: ({ row }) => row as never,
      }),
    }),
  });
  const connection = builder.objectRef<Connection<Row>>(`${name}Connection`).implement({
    description,
    fields: (t) => ({
      edges: t.field({
        type: [edge],
        description: 'The edges of the page, newest first.',
        extensions: partOfPage,
        resolve: async ({ scope, page }) => (await page()).rows.map((row) => ({ scope, row })),
      }),
      pageInfo: t.field({
        type: builder.pageInfoRef(),
        description: 'The position of the page in the connection.',
        extensions: { cost: 0 },
        resolve: async ({ scope, page }) => pageInfoOf(scope(), await page()),
      }),
      totalCount: t.int({
        description: `The number of edges on all pages of the connection, capped at ${CAP}. Computed only if selected.`,
        extensions: countCost,
        resolve: async ({ count }) => Math.min(await count(), COUNT_CAP),
      }),
      totalCountIsCapped: t.boolean({
        description: `Whether the connection has more than ${CAP} edges, so that \`totalCount\` is not exact.`,
        extensions: countCost,
        resolve: async ({ count }) => (await count()) > COUNT_CAP,
      }),
    }),
  });
  return { edge, connection };
}

/** Adds `nodes`, the nodes without their edges, to a connection. */
export function withNodes<Row extends { id: string }>(
  connection: ObjectRef<Types, Connection<Row>>,
  node: ObjectRef<Types, PartOf<Row>>,
): void {
  builder.objectField(connection, 'nodes', (t) =>
    t.field({
      type: [node],
      description: 'The nodes of the page, newest first: the same as `edges { node }`.',
      extensions: partOfPage,
      resolve: async ({ page }) => (await page()).rows as never,
    }),
  );
}

function pageInfoOf(scope: number, { rows, hasNextPage, hasPreviousPage }: PageOfRows<{ readonly id: string }>) {
  const cursorOf = (row: Keyed<object> | undefined) => row && encodeCursor(scope, row.id);
  return { hasNextPage, hasPreviousPage, startCursor: cursorOf(rows[0]), endCursor: cursorOf(rows.at(-1)) };
}
