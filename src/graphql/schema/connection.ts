import type { ObjectRef } from '@pothos/core';
import type { GraphQLResolveInfo } from 'graphql';
import { COUNT_CAP } from '../../db/reading/count.ts';
import type { Keyed, KeysetSource, PageOfRows } from '../../db/reading/keyset.ts';
import { cursorScope, encodeCursor } from '../../domain/shared/pagination.ts';
import { type PageArguments, parsePageArguments } from '../../domain/shared/pagination.ts';
import { builder, type Types } from './builder.ts';
import type { Context } from '../context.ts';
import '../checks/limits.ts';
import { selectedFields } from '../loaders/selected-fields.ts';

/** A connection as its type's resolvers get it: nothing is read before it is selected, and nothing twice. */
export interface Connection<Row> {
  /** Space of its cursors. */
  space(): number;
  /** The page; what lies around it, only where the connection is asked for its `pageInfo`. */
  slice(): Promise<PageOfRows<Row>>;
  /** Rows in all, up to one more than the cap. */
  count(): Promise<number>;
}

/** A row and the space of its cursor, which is made only where it is selected. */
export interface Edge<Row> {
  space(): number;
  row: Keyed<Row>;
}

/** Which connection is asked for. */
interface Asked<Row> {
  /** `Type.field`. */
  name: string;
  /** The filter, where there is one: connections that differ in it are read apart. */
  filter?: object;
  /** Id of the parent; the workspace's for a connection of `Query`. */
  parent: string;
  source: KeysetSource<Row>;
  args: PageArguments;
  /** Greatest page size. */
  maximum: number;
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Opens a connection. @throws {ValidationError} where its arguments are wrong. */
export function connect<Row>(
  { viewer, loaders }: Context,
  info: GraphQLResolveInfo,
  asked: Asked<Row>,
): Connection<Row> {
  const { name, filter = {}, parent, source, args, maximum } = asked;
  const space = once(() => cursorScope(name, viewer.workspaceId, parent));
  const selected = selectedFields(info);
  const page = { ...parsePageArguments(args, space, maximum), around: selected.has('pageInfo') };
  const key = `${name} ${JSON.stringify(filter)}`;
  return {
    space,
    slice: once(() => loaders.slice(key, source, page, parent, selected)),
    count: once(() => loaders.count(key, source, parent)),
  };
}

/** What the types of a connection are called and made of. */
interface ConnectionTypes<Node> {
  /** `User` makes `UserConnection` and `UserEdge`. */
  name: string;
  node: ObjectRef<Types, Node>;
  description: string;
}

/** What the connection costs already (`limits/complexity.ts`). */
const partOfPage = { cost: 0 };

/** Of all pages. */
const counting = { cost: 1 };

/**
 * Defines `<name>Connection`, and `<name>Edge`, to which its file may add fields. A row is the node, and
 * whatever else the edge shows.
 */
export function connectionTypes<Node, Row extends Node = Node>({ name, node, description }: ConnectionTypes<Node>) {
  const edge = builder.objectRef<Edge<Row>>(`${name}Edge`).implement({
    description: `One place in \`${name}Connection\`.`,
    fields: (t) => ({
      cursor: t.string({
        description: 'Opaque; for `after` and `before`. It stays right when the node is deleted.',
        resolve: ({ space, row }) => encodeCursor(space(), row.id),
      }),
      // Pothos can't tell for a type variable that the row is a node.
      node: t.field({
        type: node,
        description: 'What is at this place.',
        extensions: partOfPage,
        resolve: ({ row }) => row as never,
      }),
    }),
  });
  const connection = builder.objectRef<Connection<Row>>(`${name}Connection`).implement({
    description,
    fields: (t) => ({
      edges: t.field({
        type: [edge],
        description: 'The page, newest first.',
        extensions: partOfPage,
        resolve: async ({ space, slice }) => (await slice()).rows.map((row) => ({ space, row })),
      }),
      pageInfo: t.field({
        type: builder.pageInfoRef(),
        description: 'Where the page lies in the connection.',
        extensions: partOfPage,
        resolve: async ({ space, slice }) => pageInfoOf(space(), await slice()),
      }),
      totalCount: t.int({
        description: `Number of edges on all pages, counted only where it is selected; exact up to ${COUNT_CAP}.`,
        extensions: counting,
        resolve: async ({ count }) => Math.min(await count(), COUNT_CAP),
      }),
      totalCountIsCapped: t.boolean({
        description: `Whether there are more than ${COUNT_CAP} edges, where \`totalCount\` stops.`,
        extensions: counting,
        resolve: async ({ count }) => (await count()) > COUNT_CAP,
      }),
    }),
  });
  return { edge, connection };
}

/** Adds `nodes` to a connection: the nodes without their edges. */
export function withNodes<Node>(connection: ObjectRef<Types, Connection<Node>>, node: ObjectRef<Types, Node>) {
  builder.objectField(connection, 'nodes', (t) =>
    t.field({
      type: [node],
      description: 'The nodes of the page, newest first, for those who need no cursors.',
      extensions: partOfPage,
      resolve: async ({ slice }) => (await slice()).rows,
    }),
  );
}

function pageInfoOf<Row>(space: number, { rows, hasNextPage, hasPreviousPage }: PageOfRows<Row>) {
  const cursorOf = (row: Keyed<Row> | undefined) => row && encodeCursor(space, row.id);
  return { hasNextPage, hasPreviousPage, startCursor: cursorOf(rows[0]), endCursor: cursorOf(rows.at(-1)) };
}
