import { Prisma } from '../generated/client.ts';
import type { ReadDb } from '../statements.ts';
import { toInstant } from './instant.ts';

/** The SQL of a property. An instant is marked as one, because JSON has no type for it. */
type Expression = Prisma.Sql | { instant: Prisma.Sql };

/** The names of the properties to read. The others are undefined. */
export type FieldSet = ReadonlySet<string>;

/** The values of each property in all rows; null if there are no rows, or if the property was not selected. */
export type Arrays = Readonly<Record<string, unknown[] | null>>;

/** The columns that make up a row. */
export interface Columns<Row> {
  /** The SQL of each property. */
  expressions: { readonly [Name in keyof Row]-?: Expression };
  /** The SELECT or RETURNING list of a statement: each expression, with the name of its property as alias. */
  list: Prisma.Sql;
  /** `list` with some of the properties only, for a statement that is not prepared. @param fields all, if omitted. */
  listOf(fields?: FieldSet): Prisma.Sql;
  /**
   * The select list that aggregates the rows of a subquery `found` to `Arrays`.
   * @param fields all, if omitted. @param prefix of the names of the arrays.
   */
  arrays(fields?: FieldSet, prefix?: string): Prisma.Sql;
  /** Converts arrays back to rows. */
  rows(arrays: Arrays, prefix?: string): Row[];
}

/** Defines columns by the SQL of each property. @param always properties that are read regardless of the selection. */
export function columnsOf<Row>(
  expressions: Columns<Row>['expressions'],
  always: readonly (keyof Row)[] = [],
): Columns<Row> {
  const columns = Object.entries<Expression>(expressions).map(([name, value]): Column => {
    const isInstant = 'instant' in value;
    const isAlwaysRead = always.some((property) => property === name);
    return {
      name,
      expression: isInstant ? value.instant : value,
      isInstant,
      isSelected: (fields) => isAlwaysRead || fields.has(name),
    };
  });
  const listOf = (fields?: FieldSet) => {
    const selected = fields ? columns.filter(({ isSelected }) => isSelected(fields)) : columns;
    return Prisma.join(selected.map(({ name, expression }) => Prisma.sql`${expression} AS "${Prisma.raw(name)}"`));
  };
  return {
    expressions,
    list: listOf(),
    listOf,
    arrays: arraysOf(columns),
    rows: rowsOf(columns),
  };
}

interface Column {
  name: string;
  expression: Prisma.Sql;
  isInstant: boolean;
  isSelected(fields: FieldSet): boolean;
}

/**
 * Parameters determine which columns are selected, since a separate text per selection would need its own prepared
 * statement.
 */
function arraysOf(columns: readonly Column[]) {
  const array = ({ name }: Column, filter: string, prefix: string) =>
    `json_agg(found."${name}")${filter} AS "${prefix}${name}"`;
  const textsFor = (prefix: string) => ({
    all: Prisma.raw(columns.map((column) => array(column, '', prefix)).join(', ')),
    selected: columns
      .map((column) => array(column, ' FILTER (WHERE ?)', prefix))
      .join(', ')
      .split('?'),
  });
  const texts = new Map<string, ReturnType<typeof textsFor>>();
  return (fields?: FieldSet, prefix = '') => {
    const cached = texts.get(prefix) ?? textsFor(prefix);
    texts.set(prefix, cached);
    const { all, selected } = cached;
    return fields ? Prisma.sql(selected, ...columns.map(({ isSelected }) => isSelected(fields))) : all;
  };
}

/** The values of a column that was not selected. */
const NO_VALUES: readonly unknown[] = [];

function rowsOf<Row>(columns: readonly Column[]) {
  const makeRows = compileRows<Row>(columns.map(({ name }) => name));
  return (arrays: Arrays, prefix = ''): Row[] => {
    const values = columns.map(({ name, isInstant }) => {
      const array = arrays[prefix + name] ?? NO_VALUES;
      return isInstant ? array.map(toInstantOrNull) : array;
    });
    return makeRows(values, Math.max(...values.map(({ length }) => length)));
  };
}

/**
 * Compiles a function that makes objects from the values of each property. If properties were set by name, V8 would have to look up
 * each of them: 36 instead of 4 µs for a page of 30 users with 3 devices and 5 events each.
 */
function compileRows<Row>(names: readonly string[]) {
  const properties = names.map((name, index) => `${JSON.stringify(name)}: values[${index}][place]`).join(', ');
  // The names are those of a type of this program.
  return new Function(
    'values',
    'length',
    `const rows = []; for (let place = 0; place < length; place += 1) rows.push({ ${properties} }); return rows;`,
  ) as (values: readonly (readonly unknown[])[], length: number) => Row[];
}

const toInstantOrNull = (value: unknown) => (typeof value === 'string' ? toInstant(value) : value);

/** With fewer keys, rows cost less than arrays. */
const MIN_KEYS_FOR_ARRAYS = 16;

/** Which rows to read, and which columns of them. */
interface Reading {
  /** Selects `columns.list`, in the order in which the rows are returned. */
  statement: Prisma.Sql;
  /** The number of keys that the statement looks up. */
  keys: number;
  /** All, if omitted. Ignored below `MIN_KEYS_FOR_ARRAYS`. */
  fields?: FieldSet | undefined;
}

/**
 * Reads rows by their keys. Many rows are read as one JSON array for each column: PostgreSQL builds them
 * at the same cost as rows, and parsing ten arrays takes half as long as parsing a thousand values (docs/performance-steps.md).
 */
export async function readRows<Row>(db: ReadDb, columns: Columns<Row>, reading: Reading): Promise<Row[]> {
  const { statement, keys, fields } = reading;
  if (keys < MIN_KEYS_FOR_ARRAYS) return db.query<Row[]>(statement);
  const arrays = await db.query<Arrays[]>`SELECT ${columns.arrays(fields)} FROM (${statement}) AS found`;
  return arrays.flatMap((each) => columns.rows(each));
}
