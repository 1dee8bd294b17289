import type { Prisma } from '../../generated/client.ts';
import type { ReadDb } from '../../statements.ts';
import type { Columns } from '../columns.ts';
import type { Group, SideTable, Sort } from './sort.ts';

/** The rows of one table that pass a filter, in an order that a caller chooses. */
export interface OrderedSource<Row> {
  /** The table, whose columns `where`, `id` and the sort key use. */
  table: Prisma.Sql;
  workspaceId: string;
  /** The conditions of the filter. */
  conditions(db: ReadDb): Promise<Conditions>;
  id: Prisma.Sql;
  sort: Sort;
  /** Limits the rows to those that have a row in another table. */
  membership?: SideTable | undefined;
  /** The columns of a row and of its membership; its `id` is the id of the sort. */
  columns: Columns<Row>;
  /** The error of a page that takes longer than its timeout. */
  timeoutError(timeoutMs: number): Error;
}

/** The conditions of a filter: SQL that names the workspace. */
export interface Conditions {
  /** Evaluated for one row after the other. */
  where: Prisma.Sql;
  /** Conditions whose union is `where`, by which PostgreSQL finds rows; `where` if omitted. */
  arms?(walk: Walk): Prisma.Sql[];
  /** Whether an index finds the rows of each arm. */
  isIndexed?: boolean;
  /**
   * A statement that selects the ids of the rows that pass among the next few thousand, as `id`: where the planner cannot tell
   * whether many rows pass. Only if they are too few, all are read.
   */
  probe?(walk: Walk): Prisma.Sql;
  /** A statement that selects the ids of all rows that pass, in place of the arms, if there is a probe. */
  afterProbe?(walk: Walk): Prisma.Sql;
  /** How the rows are found with one lookup, regardless of their groups, if few match. Only with an order by `isFirst`. */
  rareMatches?: RareMatches;
  /** The order, if it depends on what was read for the conditions. Its cursors are those of the source's `sort`. */
  sort?: Sort;
}

/** How to find the rows of a source if only few match. */
export interface RareMatches {
  /** SQL of whether many rows of a sample match. */
  areFrequent: Prisma.Sql;
  /** SELECT of all rows that pass: `id`, and `is_first`, whether `isFirst` holds. @param andIf appended to the condition. */
  all(andIf: Prisma.Sql): Prisma.Sql;
}

/** A source with its conditions. */
export type PreparedSource = Omit<OrderedSource<unknown>, 'conditions'> & Omit<Conditions, 'sort'>;

/** How the rows of a source are walked. */
export interface Walk {
  isAscending: boolean;
  /** The group of rows that is read; undefined: all. */
  group?: Group['name'];
  /** SQL that is appended to a condition: an id is beyond the cursor. Empty if there is none, or if rows are not sorted by id. */
  within(id: Prisma.Sql): Prisma.Sql;
}
