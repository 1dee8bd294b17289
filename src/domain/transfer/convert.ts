import { isJsonObject } from '../shared/attributes.ts';
import type { ValidationIssue } from '../shared/errors.ts';
import { JsonSyntaxError, parseJson, UnsafeNumber } from '../shared/json-numbers.ts';
import { MAX_ECHO_LENGTH } from '../shared/limits.ts';
import { CellError, convertCell, toDate } from './cells.ts';
import { type Column, type ColumnOptions, isAbsent, mapColumns, textOf } from './columns.ts';
import { type Field, findField, type ImportKind } from './fields.ts';
import { type Cell, parseCells } from './formats/csv.ts';
import {
  type CsvOrigin,
  type CsvRules,
  ImportFileError,
  type Original,
  type ParsedRecord,
  type RawRecord,
  recordIssue,
} from './formats/record.ts';

declare global {
  interface JSON {
    /** A value that is written as this text, which TypeScript's library does not declare yet. */
    rawJSON(text: string): object;
  }
}

type Input = Record<string, unknown>;

/** Sets a field, or the field of an object: `device.token`. */
function setField(input: Input, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) input[name] = value;
  else {
    const parent = Object.hasOwn(input, name) ? input[name] : undefined;
    // Attributes can be named `__proto__`, so that their object has no prototype.
    const isOwn = isJsonObject(parent) && Object.getPrototypeOf(parent) === null;
    const object: Input = isOwn ? parent : Object.assign(Object.create(null), isJsonObject(parent) ? parent : {});
    input[name] = object;
    setField(object, rest, value);
  }
}

const pathOf = ({ field, attribute }: Column): readonly string[] => attribute ?? field?.split('.') ?? [];

/** Converts the cells of a CSV record. @returns the input, and an issue for each cell that does not fit its column. */
function fromCells(
  columns: readonly Column[],
  cells: readonly Cell[],
  rules: CsvRules,
): { input: Input; issues: ValidationIssue[] } {
  const input: Input = {};
  const issues: ValidationIssue[] = [];
  for (const [place, column] of columns.entries()) {
    const cell = cells[place];
    if (column.field === null || isAbsent(cell)) continue;
    const isText = column.type === 'string';
    if (!isText && textOf(cell).trim() === '') continue;
    const path = pathOf(column);
    try {
      setField(input, path, convertCell(textOf(cell), column.type, rules, isAttributeValue(column)));
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      issues.push({ path: [...path], code: error.code, message: error.message });
    }
  }
  return { input, issues };
}

const isAttributeValue = ({ field, attribute }: Column) => attribute !== undefined || field === 'value';

/** The name of a column that says how to convert its cells again. */
const selfDescribing = (column: Column): string | null =>
  isAttributeValue(column) ? `${column.field}:${column.type}` : column.field;

/** The original of a CSV record: its cells by fields, which can be imported without the options of the file. */
const originalOfCells = (columns: readonly Column[], cells: readonly Cell[], csv: CsvRules): Original => ({
  record: Object.fromEntries(
    columns.flatMap((column, place) => {
      const cell = cells[place];
      return column.field === null || isAbsent(cell) ? [] : [[selfDescribing(column) ?? '', textOf(cell)]];
    }),
  ),
  csv,
});

/** How the records of a CSV file are parsed. */
interface CsvReading extends CsvRules {
  delimiter: string;
}

/** Parses records of a CSV file. */
export function parseCsvRecords(
  raws: readonly RawRecord[],
  columns: readonly Column[],
  { delimiter, ...rules }: CsvReading,
): ParsedRecord[] {
  const records = splitRecords(raws, columns.length, delimiter);
  return raws.map((raw, place): ParsedRecord => {
    const cells = records[place] ?? [];
    if ('issue' in cells) {
      const csv = { ...rules, delimiter, columns: columns.map(selfDescribing) };
      const incomplete = cells.isIncomplete ? { incomplete: true as const } : {};
      const original = () => ({ record: raw.text, csv, ...incomplete });
      return { line: raw.line, input: {}, issues: [cells.issue], original };
    }
    const original = () => originalOfCells(columns, cells, rules);
    return { line: raw.line, ...fromCells(columns, cells, rules), original };
  });
}

/** Why a record has no cells, and whether its text is only the beginning of the record. */
interface Unsplit {
  issue: ValidationIssue;
  isIncomplete: boolean;
}

function splitRecords(raws: readonly RawRecord[], count: number, delimiter: string): (readonly Cell[] | Unsplit)[] {
  const complete = raws.filter(({ fault }) => !fault);
  const records = parseCells(
    complete.map(({ text }) => text),
    delimiter,
  );
  const byRecord = new Map(complete.map((raw, place) => [raw, records[place]]));
  return raws.map((raw) => {
    const cells = byRecord.get(raw) ?? { fault: 'must be valid CSV' };
    if (raw.fault) return { issue: raw.fault, isIncomplete: raw.fault.code !== 'INVALID_CSV' };
    if ('fault' in cells) return { issue: recordIssue('INVALID_CSV', cells.fault), isIncomplete: false };
    if (cells.length === count) return cells;
    const message = `must have ${count} cells, as the header has; got ${cells.length}`;
    return { issue: recordIssue('WRONG_CELL_COUNT', message), isIncomplete: false };
  });
}

const fieldCaches = new Map<ImportKind, Map<string, Field | undefined>>();

const MAX_CACHED_NAMES = 1000;

function cachedField(kind: ImportKind, name: string): Field | undefined {
  const cache = fieldCaches.get(kind) ?? new Map<string, Field | undefined>();
  fieldCaches.set(kind, cache);
  if (cache.has(name)) return cache.get(name);
  const field = findField(kind, name);
  if (cache.size < MAX_CACHED_NAMES) cache.set(name, field);
  return field;
}

/** Converts a record of an NDJSON file: names of REST to those of the domain, and texts to instants. */
function fromObject(
  kind: ImportKind,
  record: Readonly<Record<string, unknown>>,
  options: ColumnOptions,
): { input: Input; issues: ValidationIssue[] } {
  const input: Input = {};
  const issues: ValidationIssue[] = [];
  const names = new Set<string>();
  for (const [name, value] of Object.entries(record)) {
    const field = cachedField(kind, name);
    if (field && names.has(field.name)) issues.push({ ...DUPLICATE, path: [field.name] });
    if (field) names.add(field.name);
    if (!field) {
      if (options.unknown !== 'ignore') issues.push({ ...UNKNOWN_FIELD, path: [name.slice(0, MAX_ECHO_LENGTH)] });
    } else if (field.type === 'date' && (typeof value === 'string' || typeof value === 'number')) {
      try {
        input[field.name] = toDate(value, options);
      } catch (error) {
        if (!(error instanceof CellError)) throw error;
        issues.push({ path: [field.name], code: error.code, message: error.message });
      }
    } else if (field.name.includes('.')) setField(input, field.name.split('.'), value);
    else input[field.name] = value;
  }
  return { input, issues };
}

const UNKNOWN_FIELD = { code: 'UNKNOWN_FIELD', message: 'is not a field of this record' };

const DUPLICATE = { code: 'DUPLICATE', message: 'is in this record twice, under names that differ only in notation' };

const NOT_AN_OBJECT = recordIssue('INVALID_TYPE', 'must be a JSON object');

/** A record that cannot be parsed. */
const unparsedRecord = ({ line, text }: RawRecord, issue: ValidationIssue, incomplete = false): ParsedRecord => ({
  line,
  input: {},
  issues: [issue],
  original: () => ({ record: text, ...(incomplete ? { incomplete } : {}) }),
});

/** Levels of nested values in a line: a rejected record with the value of a device has five. */
const MAX_DEPTH = 10;

const TOO_DEEP = recordIssue('TOO_DEEP', `must have at most ${MAX_DEPTH} levels of nested values`);

const isDeeperThan = (value: unknown, depth: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (depth === 0 || Object.values(value).some((part) => isDeeperThan(part, depth - 1)));

/** Replaces numbers for `JSON.stringify`, which passes them after their own conversion to texts. */
function writeUnsafeNumber(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const original = this[key];
  return original instanceof UnsafeNumber ? JSON.rawJSON(original.source) : value;
}

const hasUnsafeNumber = (value: unknown): boolean =>
  value instanceof UnsafeNumber ||
  (typeof value === 'object' && value !== null && Object.values(value).some(hasUnsafeNumber));

/** The original of an NDJSON record: its text if it has a number that readers of JSON would change. */
const originalOf = (value: unknown): Original => ({
  record: hasUnsafeNumber(value) ? JSON.stringify(value, writeUnsafeNumber) : value,
});

/** Parses a line of an NDJSON file, which can be that of a file of rejected records. */
export function parseLine(kind: ImportKind, raw: RawRecord, options: ColumnOptions): ParsedRecord {
  if (raw.fault) return unparsedRecord(raw, raw.fault, true);
  let value: unknown;
  try {
    value = parseJson(raw.text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    return unparsedRecord(raw, recordIssue('INVALID_JSON', `must be JSON: ${error.message}`));
  }
  if (isDeeperThan(value, MAX_DEPTH)) return unparsedRecord(raw, TOO_DEEP);
  if (!isJsonObject(value)) return { ...unparsedRecord(raw, NOT_AN_OBJECT), original: () => originalOf(value) };
  if (isRejectedRecord(value)) return parseRejected(kind, raw.line, value, options);
  const record = value;
  return { line: raw.line, ...fromObject(kind, record, options), original: () => originalOf(record) };
}

/** A line of a file of rejected records. */
interface RejectedLine extends Original {
  line: number;
  errors: unknown[];
}

const isRejectedRecord = (
  value: Readonly<Record<string, unknown>>,
): value is Readonly<Record<string, unknown>> & RejectedLine =>
  'record' in value && typeof value.line === 'number' && Array.isArray(value.errors);

const INCOMPLETE = recordIssue(
  'INCOMPLETE_RECORD',
  'is not the whole text of the rejected record; correct "record", and remove "incomplete"',
);

/** Parses a record that was rejected before, and that may have been corrected since. */
function parseRejected(kind: ImportKind, line: number, rejected: RejectedLine, options: ColumnOptions): ParsedRecord {
  const { record, csv, incomplete } = rejected;
  const original = (): Original => ({
    ...(csv ? { record, csv } : originalOf(record)),
    ...(incomplete ? { incomplete } : {}),
  });
  const reject = (issue: ValidationIssue): ParsedRecord => ({ line, input: {}, issues: [issue], original });
  if (incomplete) return reject(INCOMPLETE);
  if (!isJsonObject(csv)) {
    if (typeof record === 'string') return { ...parseLine(kind, { line, text: record }, options), original };
    return isJsonObject(record) ? { line, ...fromObject(kind, record, options), original } : reject(NOT_AN_OBJECT);
  }
  try {
    return { ...parseRejectedCells(kind, { line, text: '' }, record, csv), original };
  } catch (error) {
    if (error instanceof ImportFileError) return reject(recordIssue('INVALID_RECORD', error.message));
    throw error;
  }
}

/** @throws {ImportFileError} if its fields are invalid. */
function parseRejectedCells(kind: ImportKind, raw: RawRecord, record: unknown, csv: CsvOrigin): ParsedRecord {
  const rules: CsvRules = {
    ...(csv.decimal === 'comma' || csv.decimal === 'point' ? { decimal: csv.decimal } : {}),
    ...(csv.dates === 'dmy' || csv.dates === 'mdy' ? { dates: csv.dates } : {}),
  };
  if (typeof record === 'string' && Array.isArray(csv.columns) && typeof csv.delimiter === 'string') {
    const names = csv.columns.map((name: unknown, place) => (typeof name === 'string' ? name : `ignored ${place}`));
    const ignored = Object.fromEntries(
      names.flatMap((name, place) => (csv.columns?.[place] === null ? [[name, '-']] : [])),
    );
    const columns = mapColumns(kind, names, [], { ...rules, map: ignored });
    const [parsed] = parseCsvRecords([{ ...raw, text: record }], columns, { ...rules, delimiter: csv.delimiter });
    return parsed ?? unparsedRecord(raw, NOT_AN_OBJECT);
  }
  if (!isJsonObject(record)) return unparsedRecord(raw, NOT_AN_OBJECT);
  const columns = mapColumns(kind, Object.keys(record), [], rules);
  const cells = Object.values(record).map((cell) => (typeof cell === 'string' ? cell : JSON.stringify(cell)));
  return { line: raw.line, ...fromCells(columns, cells, rules), original: () => ({ record, csv }) };
}
