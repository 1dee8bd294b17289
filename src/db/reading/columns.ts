import { Prisma } from '../generated/client.ts';
import { toInstant } from '../instant.ts';
import type { Db } from '../statements.ts';

/** What gives a property of a row; an instant is marked as one, since JSON has no type for it. */
type Expression = Prisma.Sql | { instant: Prisma.Sql };

/** Names of the properties to read; all, where it is left out. Rows lack the others. */
export type FieldSet = ReadonlySet<string>;

/** For each property, its values in all rows; null where there are no rows, or where it was not asked for. */
export type Arrays = Readonly<Record<string, unknown[] | null>>;

/** What rows are made of. */
export interface Columns<Row> {
  /** What gives each property. */
  expressions: { readonly [Name in keyof Row]-?: Expression };
  /** As a statement selects or returns them, each under its property's name. */
  list: Prisma.Sql;
  /** As a statement selects their `Arrays`, of the rows that it calls `found`. */
  arrays(wanted?: FieldSet): Prisma.Sql;
  /** The rows that are in some arrays. */
  rows(arrays: Arrays): Row[];
}

/** Makes columns out of what gives each property. @param always those that are read whatever is asked for. */
export function columnsOf<Row>(
  expressions: Columns<Row>['expressions'],
  always: readonly (keyof Row)[] = [],
): Columns<Row> {
  const columns = Object.entries<Expression>(expressions).map(([name, given]): Column => {
    const isInstant = 'instant' in given;
    const isAlways = always.some((property) => property === name);
    return {
      name,
      expression: isInstant ? given.instant : given,
      isInstant,
      isWanted: (wanted) => isAlways || wanted.has(name),
    };
  });
  return {
    expressions,
    list: Prisma.join(columns.map(({ name, expression }) => Prisma.sql`${expression} AS "${Prisma.raw(name)}"`)),
    arrays: arraysOf(columns),
    rows: (arrays) => rowsOf(columns, arrays),
  };
}

/** A property, and what gives it. */
interface Column {
  name: string;
  expression: Prisma.Sql;
  isInstant: boolean;
  isWanted(wanted: FieldSet): boolean;
}

/** Which are wanted, parameters tell: a text for each choice would be a prepared statement for each. */
function arraysOf(columns: readonly Column[]) {
  const array = ({ name }: Column, filter: string) => `json_agg(found."${name}")${filter} AS "${name}"`;
  const all = Prisma.raw(columns.map((column) => array(column, '')).join(', '));
  const texts = columns
    .map((column) => array(column, ' FILTER (WHERE ?)'))
    .join(', ')
    .split('?');
  return (wanted?: FieldSet) => (wanted ? Prisma.sql(texts, ...columns.map(({ isWanted }) => isWanted(wanted))) : all);
}

function rowsOf<Row>(columns: readonly Column[], arrays: Arrays): Row[] {
  const read = columns.flatMap(({ name, isInstant }): [string, unknown[]][] => {
    const values = arrays[name];
    return values ? [[name, isInstant ? values.map(instantOrNull) : values]] : [];
  });
  return Array.from({ length: read[0]?.[1].length ?? 0 }, (_, place) => {
    const row: Record<string, unknown> = {};
    for (const [name, values] of read) row[name] = values[place];
    // Whoever wrote the columns knows of what type each property is.
    return row as Row;
  });
}

const instantOrNull = (value: unknown) => (typeof value === 'string' ? toInstant(value) : value);

/** Below so many keys, rows cost less than arrays do. */
const MIN_KEYS_FOR_ARRAYS = 16;

/** What is read of which rows. */
interface Reading {
  /** Selects `columns.list`, in the order in which the rows are to be. */
  statement: Prisma.Sql;
  /** For how many keys. */
  keys: number;
  /** All, where it is left out. Of few rows, all are read. */
  wanted?: FieldSet | undefined;
}

/**
 * Reads the rows that some keys name. Many are read as one JSON array for each of their columns: PostgreSQL makes those at
 * the cost of rows, and reading ten arrays costs half of what reading a thousand values does (docs/performance-steps.md).
 */
export async function readRows<Row>(db: Db, columns: Columns<Row>, reading: Reading): Promise<Row[]> {
  const { statement, keys, wanted } = reading;
  if (keys < MIN_KEYS_FOR_ARRAYS) return db.query<Row[]>(statement);
  const found = await db.query<Arrays[]>`SELECT ${columns.arrays(wanted)} FROM (${statement}) AS found`;
  return found.flatMap(columns.rows);
}
