import { isJsonObject } from '../shared/attributes.ts';
import { LimitExceededError } from '../shared/errors.ts';
import type { ExportField } from './export-fields.ts';
import type { Column } from './export-snapshot.ts';

/** The formats of exports. */
export const exportFormats = ['ndjson', 'csv'] as const;

/** One of `exportFormats`. */
export type ExportFormat = (typeof exportFormats)[number];

/** Maximum number of attributes that become columns: the header of a CSV file is held in memory. */
export const MAX_ATTRIBUTE_COLUMNS = 1_000;

/** Converts the values of a field to those of the record; undefined where the record lacks the field. */
function convertColumn({ convert }: ExportField, values: Column): Column {
  return values.map((value) => (value === null ? undefined : convert ? convert(value) : value));
}

/** Prints records as a JSON object in each line. */
export function printNdjson(fields: readonly ExportField[], records: number, columns: readonly Column[]): string {
  const values = fields.map((field, place) => convertColumn(field, columns[place] ?? []));
  let text = '';
  for (let index = 0; index < records; index += 1) {
    const record: Record<string, unknown> = {};
    for (const [place, { name }] of fields.entries()) {
      const value = values[place]?.[index];
      if (value !== undefined) record[name] = value;
    }
    text += `${JSON.stringify(record)}\n`;
  }
  return text;
}

/** The type of a column whose values can have any; `json` if they have different ones. */
type ValueType = 'string' | 'number' | 'boolean' | 'json';

/** A column of a CSV file: a field, or an attribute of one. */
interface CsvColumn {
  /** The place of its field. */
  readonly field: number;
  readonly key?: string;
  readonly type?: ValueType;
}

/** Finds the columns of a CSV file: attributes have one each, in the order of their keys. */
export class CsvColumns {
  readonly #fields: readonly ExportField[];
  /** The types of the fields that can have any, and of the attributes, by their field. */
  readonly #types: readonly Map<string | undefined, ValueType>[];
  #count = 0;

  constructor(fields: readonly ExportField[]) {
    this.#fields = fields;
    this.#types = fields.map(() => new Map());
  }

  /** Adds the attributes of records. @throws {LimitExceededError} if there are more than `MAX_ATTRIBUTE_COLUMNS`. */
  add(columns: readonly Column[]): void {
    for (const [place, { type }] of this.#fields.entries()) {
      for (const value of type ? (columns[place] ?? []) : []) {
        if (type === 'any') this.#addValue(place, undefined, value);
        else if (isJsonObject(value)) for (const key of Object.keys(value)) this.#addValue(place, key, value[key]);
      }
    }
  }

  #addValue(field: number, key: string | undefined, value: unknown): void {
    if (value === null) return;
    const types = this.#types[field];
    const known = types?.get(key);
    const type = typeOf(value);
    if (known === type || known === 'json') return;
    types?.set(key, known === undefined ? type : 'json');
    if (known !== undefined || key === undefined) return;
    this.#count += 1;
    if (this.#count <= MAX_ATTRIBUTE_COLUMNS) return;
    throw new LimitExceededError(
      `The records have more than ${MAX_ATTRIBUTE_COLUMNS} different attributes, which are too many for the columns of a CSV file; export NDJSON.`,
    );
  }

  /** The columns of all records added. */
  list(): CsvColumn[] {
    return this.#fields.flatMap(({ type }, field): CsvColumn[] => {
      const types = this.#types[field] ?? new Map<string | undefined, ValueType>();
      if (type === undefined) return [{ field }];
      if (type === 'any') return [{ field, type: types.get(undefined) ?? 'string' }];
      const keys = [...types.keys()].filter((key) => key !== undefined).sort(byCodeUnits);
      return keys.map((key) => ({ field, key, type: types.get(key) ?? 'json' }));
    });
  }
}

const byCodeUnits = (one: string, other: string) => (one < other ? -1 : 1);

function typeOf(value: unknown): ValueType {
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean' ? type : 'json';
}

/** Quotes a text if it would be read differently otherwise. An empty text differs from an empty cell. */
const textCell = (text: string) =>
  text === '' || /[",;|\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** Prints the header: the names of the fields; for attributes also their key and their type. */
export function printCsvHeader(fields: readonly ExportField[], columns: readonly CsvColumn[]): string {
  const names = columns.map(({ field, key, type }) => {
    const { name = '' } = fields[field] ?? {};
    return textCell(`${name}${key === undefined ? '' : `.${key}`}${type === undefined ? '' : `:${type}`}`);
  });
  return `${names.join(',')}\n`;
}

function cellOf(value: unknown, type: ValueType | undefined): string {
  if (value === undefined) return '';
  if (type === 'json' || typeof value === 'object') return textCell(JSON.stringify(value));
  return typeof value === 'string' ? textCell(value) : String(value);
}

/** Prints records as lines of a CSV file. */
export function printCsv(
  fields: readonly ExportField[],
  csvColumns: readonly CsvColumn[],
  records: number,
  columns: readonly Column[],
): string {
  const values = fields.map((field, place) => convertColumn(field, columns[place] ?? []));
  let text = '';
  for (let index = 0; index < records; index += 1) {
    const cells = csvColumns.map(({ field, key, type }) => {
      const value = values[field]?.[index];
      if (key === undefined) return cellOf(value, type);
      return cellOf(isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined, type);
    });
    text += `${cells.join(',')}\n`;
  }
  return text;
}
