import { MAX_ECHO_LENGTH } from '../shared/limits.ts';
import { guessType, isAmbiguousNumber, isConvertible, isForeignDate, missingOption } from './cells.ts';
import { type CellType, cellTypes, type Field, fieldsOf, findField, type ImportKind, nearestField } from './fields.ts';
import { type Cell, EMPTY_TEXT } from './formats/csv.ts';
import { type CsvRules, ImportFileError } from './formats/record.ts';
import { commandLineNotation, type OptionNotation } from './option-notation.ts';

/** How the columns of a CSV file become fields. */
export interface ColumnOptions extends CsvRules {
  /** By the name of the column: the field, with a type after a colon for attributes, or `-` to ignore it. */
  map?: Readonly<Record<string, string>>;
  /** By the name of the field. */
  types?: Readonly<Record<string, CellType>>;
  /** What becomes of columns without a field: `attributes` of the same name, or nothing. Otherwise, they are an error. */
  unknown?: 'attributes' | 'ignore';
  /** How messages write these options; by default, as on the command line. */
  notation?: OptionNotation;
}

/** A column of a CSV file. */
export interface Column {
  /** Its name in the header. */
  readonly column: string;
  /** The field that its cells become; null if it is ignored. */
  readonly field: string | null;
  readonly type: CellType | 'texts';
  /** The attribute that its cells become, and the object that holds it. */
  readonly attribute?: readonly [parent: string, key: string];
  /** A cell that is not empty; null if the sample has none. */
  readonly example: string | null;
}

/** Names that a message lists: a header can have many thousands. */
const MAX_ECHOED_NAMES = 20;

/** A name for a message: without control characters, which PostgreSQL cannot store, and not longer than `MAX_ECHO_LENGTH`. */
const echo = (name: string): string => {
  const text = name.length > MAX_ECHO_LENGTH ? `${name.slice(0, MAX_ECHO_LENGTH)}…` : name;
  return JSON.stringify(text).slice(1, -1);
};

/** Names for a message, of which `toText` writes each. */
function echoAll(names: readonly string[], toText = (name: string) => `"${echo(name)}"`): string {
  const others = names.length - MAX_ECHOED_NAMES;
  const shown = names.slice(0, MAX_ECHOED_NAMES).map(toText).join(', ');
  return others > 0 ? `${shown} and ${others} others` : shown;
}

const notationOf = ({ notation = commandLineNotation }: ColumnOptions): OptionNotation => notation;

const isCellType = (text: string): text is CellType => cellTypes.some((type) => type === text);

/** Separates a type from the name of a field, as in `meta.age:number`. The key before it is verbatim, as exports write it. */
function splitType(name: string): { name: string; type?: CellType } {
  const at = name.lastIndexOf(':');
  const type = name.slice(at + 1).trim();
  return at > 0 && isCellType(type) ? { name: name.slice(0, at), type } : { name };
}

/** The target of a column: a field, an attribute, nothing (null), or undefined if there is none of its name. */
interface Target {
  field: string;
  type: Field['type'];
  attribute?: readonly [string, string];
}

function toTarget(kind: ImportKind, text: string): Target | undefined {
  const { name, type } = splitType(text);
  const field = findField(kind, name);
  if (field) return { field: field.name, type: field.type === 'guessed' ? (type ?? field.type) : field.type };
  const parent = fieldsOf[kind].attributes;
  if (!parent || !name.toLowerCase().startsWith(`${parent}.`)) return undefined;
  const key = name.slice(parent.length + 1);
  return { field: `${parent}.${key}`, type: type ?? 'guessed', attribute: [parent, key] };
}

/**
 * Maps the columns of a CSV file to fields, and guesses the types of those that can have any.
 * @param sample the first records.
 * @throws {ImportFileError} naming all columns that have no field.
 */
export function mapColumns(
  kind: ImportKind,
  header: readonly string[],
  sample: readonly (readonly Cell[])[],
  options: ColumnOptions,
): Column[] {
  const names = header.map((name) => name.trim());
  checkMap(names, options);
  const unknown: string[] = [];
  const columns = names.map((column, place): Column => {
    const cells = sample.flatMap((record) => {
      const cell = record[place];
      return typeof cell === 'string' && cell.trim() !== '' ? [cell] : [];
    });
    const [example = null] = cells;
    const target = targetOf(kind, column, options);
    if (target === undefined) unknown.push(column);
    if (!target) return { column, field: null, type: 'string', example };
    const { field, attribute } = target;
    const type = typeOf(column, target, cells, options);
    const typical = cells.find((cell) => isConvertible(cell, type, options)) ?? example;
    return { column, field, ...(attribute ? { attribute } : {}), type, example: typical };
  });
  if (unknown.length > 0) throw unknownColumns(kind, unknown, notationOf(options));
  checkTargets(kind, columns, options);
  return columns;
}

/** @returns null for a column to ignore, undefined for one without a field. */
function targetOf(kind: ImportKind, column: string, options: ColumnOptions): Target | null | undefined {
  const { map = {}, unknown } = options;
  const mapped = Object.hasOwn(map, column) ? map[column] : undefined;
  if (mapped === '-') return null;
  if (mapped !== undefined) {
    const target = toTarget(kind, mapped);
    if (target) return target;
    throw new ImportFileError(
      `${notationOf(options)('map', `${echo(column)}=${echo(mapped)}`)}: there is no field "${echo(mapped)}". ${fieldList(kind)}`,
    );
  }
  const target = column === '' ? undefined : toTarget(kind, column);
  if (target) return target;
  const parent = fieldsOf[kind].attributes;
  if (unknown === 'attributes' && parent && column !== '') {
    return toTarget(kind, `${parent}.${column}`);
  }
  return unknown === 'ignore' ? null : undefined;
}

const fieldList = (kind: ImportKind) => {
  const { all, attributes } = fieldsOf[kind];
  const names = all.map(({ name }) => name);
  return `The fields are ${[...names, ...(attributes ? [`${attributes}.NAME`] : [])].join(', ')}.`;
};

function typeOf(
  column: string,
  { field, type }: Target,
  cells: readonly string[],
  options: ColumnOptions,
): Column['type'] {
  const declared = Object.hasOwn(options.types ?? {}, field) ? options.types?.[field] : undefined;
  if (type !== 'guessed') return type;
  if (declared) return declared;
  const missing = missingOption(cells, options);
  if (missing) {
    const isTypical = missing === 'decimal' ? isAmbiguousNumber : isForeignDate;
    const example = echo(cells.find((cell) => isTypical(cell.trim())) ?? '');
    const write = notationOf(options);
    const values = missing === 'decimal' ? ['comma', 'point'] : ['dmy', 'mdy'];
    const advice = values.map((value) => write(missing, value)).join(' or ');
    throw new ImportFileError(
      `Column "${echo(column)}" has ${missing === 'decimal' ? 'numbers' : 'dates'} such as "${example}": use ${advice}, or ${write('type', `${echo(field)}=string`)} to import them as text.`,
    );
  }
  return guessType(cells, options);
}

function unknownColumns(kind: ImportKind, names: readonly string[], write: OptionNotation): ImportFileError {
  const shown = echoAll(names, (name) => {
    const nearest = nearestField(kind, name);
    return nearest ? `"${echo(name)}" (did you mean ${nearest}?)` : `"${echo(name)}"`;
  });
  const parent = fieldsOf[kind].attributes;
  const [first = ''] = names;
  const target = nearestField(kind, first) ?? (parent ? `${parent}.${first || 'name'}` : 'title');
  const column = echo(first);
  return new ImportFileError(
    `Unknown columns: ${shown}. Map each with ${write('map', `${column}=${echo(target)}`)}, ignore it with ${write('map', `${column}=-`)}, or use ${write('unknown', 'ignore')}${parent ? ` or ${write('unknown', 'attributes')}` : ''}. ${fieldList(kind)}`,
  );
}

function checkMap(names: readonly string[], { map = {} }: ColumnOptions): void {
  const missing = Object.keys(map).filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  throw new ImportFileError(
    `The option map names columns that the file does not have: ${echoAll(missing, echo)}. It has ${echoAll(names)}.`,
  );
}

function checkTargets(kind: ImportKind, columns: readonly Column[], options: ColumnOptions): void {
  const { types = {} } = options;
  const write = notationOf(options);
  const byField = Map.groupBy(columns, ({ field }) => field);
  for (const [field, [first, second]] of byField) {
    if (field === null || !first || !second) continue;
    throw new ImportFileError(
      first.column === second.column
        ? `Two columns are named "${echo(first.column)}". Rename one of them.`
        : `Columns "${echo(first.column)}" and "${echo(second.column)}" are both ${echo(field)}. Ignore one with ${write('map', `${echo(second.column)}=-`)}.`,
    );
  }
  const missing = fieldsOf[kind].required.filter((field) => !byField.has(field));
  if (missing.length > 0) {
    const names = echoAll(columns.map(({ column }) => column));
    throw new ImportFileError(
      `No column is ${missing.join(' or ')}. Use ${write('map', `COLUMN=${missing[0]}`)}. The columns are ${names}.`,
    );
  }
  const untyped = Object.keys(types).filter((field) => !columns.some((each) => each.field === field));
  if (untyped.length > 0) {
    throw new ImportFileError(`The option type names fields that no column has: ${echoAll(untyped, echo)}.`);
  }
}

/** Whether a cell has no value. */
export const isAbsent = (cell: Cell | undefined): cell is '' | undefined => cell === undefined || cell === '';

/** The text of a cell. */
export const textOf = (cell: Cell): string => (cell === EMPTY_TEXT ? '' : cell);
