import type { ObjectRef } from '@pothos/core';
import type { GraphQLResolveInfo } from 'graphql';
import { COUNT_CAP, type Count, countOrdered } from '../../db/reading/count.ts';
import { type Keyed, type Page, type PageOfRows, type Position, pageRead } from '../../db/reading/keyset.ts';
import type { KeysetSource } from '../../db/reading/keyset-source.ts';
import { readOrderedPage } from '../../db/reading/ordered/page.ts';
import { isPositionIn } from '../../db/reading/ordered/sort.ts';
import type { OrderedSource } from '../../db/reading/ordered/source.ts';
import type { RelatedRead } from '../../db/reading/related.ts';
import {
  type CursorOwner,
  cursorScope,
  encodeCursor,
  type PageArguments,
  parsePageArguments,
} from '../../domain/shared/pagination.ts';
import type { Context } from '../context.ts';
import type { PageRow } from '../loaders/index.ts';
import type { PartOf } from '../loaders/partial-rows.ts';
import { readingOf } from '../loaders/related-reads.ts';
import { type FieldInfo, selectionOf } from '../loaders/selected-fields.ts';
import { builder, type Types } from './builder.ts';
import type { RowColumns } from './columns-plugin.ts';
import '../checks/limits.ts';

/**
 * A connection as the resolvers of its type receive it. Its page and its count are read only if they are selected, and
 * only once.
 */
export interface Connection<Row extends { id: string }> {
  /** Id of the parent; for a connection of `Query`, the workspace's. */
  readonly parent: string;
  /** The scope of the connection's cursors. */
  scope(): number;
  /**
   * The page; a promise unless the statement of the parent has read it. Whether there are rows before and after it is known only if
   * `pageInfo` is selected.
   */
  page(): PageOfRows<PageRow<Row>> | Promise<PageOfRows<PageRow<Row>>>;
  /** The number of rows in the whole connection. */
  count(): Promise<Count>;
}

/** A row of a connection. */
export interface Edge<Row extends { id: string }> {
  connection: Pick<Connection<Row>, 'parent' | 'scope'>;
  row: PageRow<Row>;
}

interface ConnectionOptions<Row> {
  /** Id of the parent; for a connection of `Query`, the workspace's. */
  parent: string;
  /** The parent, if its statement can have read the page. */
  row?: object;
  source: KeysetSource<Row> | OrderedSource<Row>;
  /**
   * The filter and the order, as text: a cursor is valid only with the same ones. Null if the caller has given neither; undefined
   * if the connection has no such arguments.
   */
  query?: string | null;
  args: PageArguments;
  /** The maximum page size. */
  maximum: number;
}

/**
 * A connection that is read with loaders. A class, since a page of users opens one per user, and closures take six times
 * the memory.
 */
class LoadedConnection<Row extends { id: string }> implements Connection<Row> {
  readonly parent: string;
  readonly #context: Context;
  readonly #name: string;
  readonly #source: KeysetSource<Row> | OrderedSource<Row>;
  readonly #query: string | null | undefined;
  readonly #arguments: Page;
  readonly #info: GraphQLResolveInfo;
  #scope: number | undefined;
  #page: PageOfRows<PageRow<Row>> | Promise<PageOfRows<PageRow<Row>>> | undefined;
  #count: Promise<Count> | undefined;

  /** @throws {ValidationError} if the arguments are invalid. */
  constructor(context: Context, info: GraphQLResolveInfo, options: ConnectionOptions<Row>) {
    const { parent, row, source, query, args, maximum } = options;
    this.#context = context;
    this.#name = `${info.parentType.name}.${info.fieldName}`;
    this.parent = parent;
    this.#source = source;
    this.#query = query;
    this.#info = info;
    this.#arguments = pageOf(info, args, this, maximum);
    this.#page = row && context.related.resultOf(row, parent, info);
  }

  scope(): number {
    const query = this.#query == null ? [] : [this.#query];
    this.#scope ??= cursorScope(this.#name, this.#context.viewer.workspaceId, this.parent, ...query);
    return this.#scope;
  }

  accepts(position: Position): boolean {
    return !('sort' in this.#source) || isPositionIn(this.#source.sort, position);
  }

  get invalidCursor(): string {
    const rule = 'must be a cursor of this connection';
    return this.#query === undefined ? rule : `${rule} with the same where, orderBy and search`;
  }

  page(): PageOfRows<PageRow<Row>> | Promise<PageOfRows<PageRow<Row>>> {
    this.#page ??= this.#readPage();
    return this.#page;
  }

  async #readPage(): Promise<PageOfRows<PageRow<Row>>> {
    const { reads, loaders } = this.#context;
    const source = this.#source;
    const reading = readingOf(this.#info, this.#context);
    if ('sort' in source) return readOrderedPage(reads, source, this.#arguments, reading.columns);
    return loaders.page(source, this.#arguments, this.parent, reading);
  }

  count(): Promise<Count> {
    this.#count ??= this.#readCount();
    return this.#count;
  }

  #readCount(): Promise<Count> {
    const { db, reads, loaders } = this.#context;
    const source = this.#source;
    const budgetMs = db.timeouts.countMs;
    return 'sort' in source
      ? countOrdered(reads, source, { maximum: COUNT_CAP, budgetMs })
      : loaders.count(source, this.parent, budgetMs);
  }
}

/** The page that arguments select. @throws {ValidationError} if they are invalid. */
function pageOf(info: FieldInfo, args: PageArguments, owner: CursorOwner, maximum: number): Page {
  return { ...parsePageArguments(args, owner, maximum), withNeighbours: selectionOf(info).fields.has('pageInfo') };
}

/** A connection without a cursor, whose page the statement of its parent can read. */
interface RelatedPageOptions<Row> {
  source: KeysetSource<Row>;
  args: PageArguments;
  maximum: number;
}

/** How the statement of a parent reads the page of its connection; undefined for a page at a cursor or at the end, or if no page is selected. */
export function relatedPage<Row>(info: FieldInfo, options: RelatedPageOptions<Row>): RelatedRead | undefined {
  const { source, args, maximum } = options;
  const { fields, columns } = selectionOf(info);
  const isSelected = ['edges', 'nodes', 'pageInfo'].some((name) => fields.has(name));
  if (!isSelected || args.after != null || args.before != null || args.last != null) return undefined;
  return pageRead(source, pageOf(info, args, NO_CURSORS, maximum), columns);
}

const NO_CURSORS: CursorOwner = { scope: () => 0, invalidCursor: '' };

/** Opens a connection. @throws {ValidationError} if its arguments are invalid. */
export function connect<Row extends { id: string }>(
  context: Context,
  info: GraphQLResolveInfo,
  options: ConnectionOptions<Row>,
): Connection<Row> {
  return new LoadedConnection(context, info, options);
}

/**
 * The edge of a row for the payload of a mutation, which reads no page. Its cursor is the one that the connection returns.
 * @param connection as `Type.field`. @param parent the id of the connection's parent, which is the workspace for `Query`.
 */
export function edgeIn<Row extends { id: string }>(
  connection: 'Query.users' | 'Query.lists' | 'Query.segments' | 'List.members' | 'User.events',
  { viewer }: Pick<Context, 'viewer'>,
  row: PageRow<Row>,
  parent: string = viewer.workspaceId,
): Edge<Row> {
  return { connection: { parent, scope: () => cursorScope(connection, viewer.workspaceId, parent) }, row };
}

/** An edge costs nothing in addition to the row of its payload. */
export const edgeOfPayload = { cost: 0 } as const;

/** A field of an edge that is a column of its row, such as a membership's. */
export function fromRow<Row extends { id: string }, Column extends keyof Row & string>(
  column: Column,
): (edge: Edge<Row>) => Row[Column] {
  const resolve = ({ row }: { row: object }) => (row as Row)[column];
  return Object.assign(resolve, { columns: [column] });
}

/** Returns a value of a connection's page: at once if the page has been read, since promises for each of many parents cost time. */
function onPage<Row extends { id: string }, Value>(
  connection: Connection<Row>,
  toValue: (page: PageOfRows<PageRow<Row>>) => Value,
): Value | Promise<Value> {
  const page = connection.page();
  return page instanceof Promise ? page.then(toValue) : toValue(page);
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
        resolve: ({ connection, row }) => encodeCursor(connection.scope(), row),
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
        description: 'The edges of the page, in the order of the connection.',
        extensions: partOfPage,
        resolve: (connection) => onPage(connection, ({ rows }) => rows.map((row) => ({ connection, row }))),
      }),
      pageInfo: t.field({
        type: builder.pageInfoRef(),
        description: 'The position of the page in the connection.',
        extensions: { cost: 0 },
        resolve: (connection) => onPage(connection, (page) => pageInfoOf(connection.scope(), page)),
      }),
      totalCount: t.int({
        description: `The number of edges on all pages of the connection, capped at ${CAP}. Computed only if selected. For a filter, the number
that was counted within a time limit (by default 1 s), if there are more.`,
        extensions: countCost,
        resolve: async (connection) => (await connection.count()).count,
      }),
      totalCountIsCapped: t.boolean({
        description: `Whether \`totalCount\` is not exact: the connection has more edges than were counted.`,
        extensions: countCost,
        resolve: async (connection) => (await connection.count()).isCapped,
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
      description: 'The nodes of the page, in the order of the connection: the same as `edges { node }`.',
      extensions: partOfPage,
      // The rows have the columns of the nodes; Pothos cannot tell for a type parameter.
      resolve: (connection) => onPage(connection, ({ rows }) => rows) as never,
    }),
  );
}

function pageInfoOf(scope: number, { rows, hasNextPage, hasPreviousPage }: PageOfRows<{ readonly id: string }>) {
  const cursorOf = (row: Keyed<object> | undefined) => row && encodeCursor(scope, row);
  return { hasNextPage, hasPreviousPage, startCursor: cursorOf(rows[0]), endCursor: cursorOf(rows.at(-1)) };
}
