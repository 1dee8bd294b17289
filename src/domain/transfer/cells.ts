import { parseDate } from '../shared/dates.ts';
import { JsonSyntaxError, parseJson, toNumber, type UnsafeNumber } from '../shared/json-numbers.ts';
import type { CellType, Field } from './fields.ts';
import type { CsvRules } from './formats/record.ts';

/** Why a cell cannot be converted. */
export class CellError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const PLAIN_NUMBER = /^[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
const WITH_POINT = /^[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?$/;
const WITH_COMMA = /^[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?$/;

/** A number with a decimal comma, or with separators of thousands. */
const isForeignNumber = (text: string) => !PLAIN_NUMBER.test(text) && /^[+-]?\d[\d.,]*$/.test(text);

/** Such as 1.234, which can be a number with decimals or one with a separator of thousands. */
const isPerhapsGrouped = (text: string) => /^[+-]?[1-9]\d{0,2}\.\d{3}$/.test(text);

/** A number whose notation is ambiguous, or is not that of JSON. */
export const isAmbiguousNumber = (text: string) => isForeignNumber(text) || isPerhapsGrouped(text);

/** Without `decimal`, only numbers whose notation is unambiguous, such as 1234.56. */
function toNumberCell(text: string, { decimal }: CsvRules): number | UnsafeNumber {
  if (decimal === 'comma' && WITH_COMMA.test(text)) return toNumber(text.replaceAll('.', '').replace(',', '.'));
  if (decimal === 'point' && WITH_POINT.test(text)) return toNumber(text.replaceAll(',', ''));
  if (decimal !== 'comma' && PLAIN_NUMBER.test(text)) return toNumber(text);
  if (decimal === undefined && isForeignNumber(text)) {
    throw new CellError(
      'AMBIGUOUS_NUMBER',
      'must be a number such as 1234.56; for 1.234,56, set the option decimal to comma, for 1,234.56 to point',
    );
  }
  throw new CellError('INVALID_NUMBER_CELL', 'must be a number; to import it as text, change the type of the column');
}

const LOCAL_DATE = /^(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:,?[ T](\d{1,2}:\d{2}(?::\d{2})?))?$/;

/** A date such as 31.12.2025 or 12/31/2025, whose order is ambiguous. */
export const isForeignDate = (text: string) => LOCAL_DATE.test(text);

/** Converts `31.12.2025 9:30` to ISO 8601. */
function toIsoDate(text: string, order: 'dmy' | 'mdy'): string {
  const [, first = '', second = '', year, time] = LOCAL_DATE.exec(text) ?? [];
  const [day, month] = order === 'dmy' ? [first, second] : [second, first];
  const clock = time === undefined ? '' : `T${time.padStart(time.length + (time.indexOf(':') === 1 ? 1 : 0), '0')}`;
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}${clock}`;
}

/** Converts a date of a file: ISO 8601, RFC 2822 or a Unix timestamp, and the order that `dates` names. */
export function toDate(value: string | number, { dates }: CsvRules = {}): Date {
  const isLocal = typeof value === 'string' && LOCAL_DATE.test(value);
  if (isLocal && dates === undefined) {
    throw new CellError(
      'AMBIGUOUS_DATE',
      'must be a date such as 2025-12-31; for 31.12.2025, set the option dates to dmy, for 12/31/2025 to mdy',
    );
  }
  const date = parseDate(isLocal && dates ? toIsoDate(value, dates) : value);
  if (date) return date;
  if (isLocal) {
    const example = dates === 'dmy' ? '31.12.2025' : '12/31/2025';
    throw new CellError('INVALID_DATE', `must be a day that exists, such as ${example}`);
  }
  throw new CellError('INVALID_DATE', 'must be a date such as 2025-12-31 or 2025-12-31T09:30:00Z, or a Unix timestamp');
}

/** The date of an attribute, as filters expect it: without time if the cell has none, otherwise in UTC. */
function toDateText(text: string, rules: CsvRules): string {
  const iso = toDate(text, rules).toISOString();
  return /[:T]|^\d{10,13}$/.test(text) ? iso : iso.slice(0, 10);
}

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  1: true,
  false: false,
  no: false,
  0: false,
};

function toBoolean(text: string): boolean {
  const value = Object.hasOwn(booleans, text.toLowerCase()) ? booleans[text.toLowerCase()] : undefined;
  if (value === undefined) throw new CellError('INVALID_BOOLEAN', 'must be true or false (also yes, no, 1 and 0)');
  return value;
}

function toJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw new CellError('INVALID_JSON', 'must be JSON');
  }
}

/** Several texts, separated by `|`, or a JSON array. */
const toTexts = (text: string): unknown =>
  text.trimStart().startsWith('[') ? toJson(text) : text.split('|').flatMap((part) => part.trim() || []);

/**
 * Converts the content of a cell.
 * @param isAttribute whether it becomes an attribute, for which a date is a text.
 * @throws {CellError}
 */
export function convertCell(
  text: string,
  type: CellType | Extract<Field['type'], 'texts'>,
  rules: CsvRules,
  isAttribute: boolean,
): unknown {
  if (type === 'string') return text;
  const trimmed = text.trim();
  if (type === 'number') return toNumberCell(trimmed, rules);
  if (type === 'boolean') return toBoolean(trimmed);
  if (type === 'date') return isAttribute ? toDateText(trimmed, rules) : toDate(trimmed, rules);
  return type === 'json' ? toJson(trimmed) : toTexts(trimmed);
}

/** Share of the cells that must have a type for it to be guessed: the others are mistakes, and are rejected. */
const MAJORITY = 0.95;

const guesses: readonly [CellType, (text: string, rules: CsvRules) => boolean][] = [
  ['boolean', (text) => /^(?:true|false)$/i.test(text)],
  // Texts with leading zeros or a plus sign, and long ones, are codes, phone numbers or ids.
  ['number', (text, rules) => !/^-?0\d|^\+/.test(text) && text.length <= 15 && isConvertible(text, 'number', rules)],
  ['date', (text, rules) => /^\d{1,4}[-./]\d/.test(text) && isConvertible(text, 'date', rules)],
];

/** Whether a cell fits a type. */
export function isConvertible(text: string, type: Parameters<typeof convertCell>[1], rules: CsvRules): boolean {
  try {
    convertCell(text, type, rules, true);
    return true;
  } catch (error) {
    if (error instanceof CellError) return false;
    throw error;
  }
}

/** Guesses the type of a column from cells that are not empty: `string` unless nearly all have another type. */
export function guessType(cells: readonly string[], rules: CsvRules): CellType {
  const needed = Math.max(1, cells.length * MAJORITY);
  const texts = cells.map((cell) => cell.trim());
  const [type] = guesses.find(([, test]) => texts.filter((text) => test(text, rules)).length >= needed) ?? [];
  return type ?? 'string';
}

/** The option without which nearly all cells of a column would become texts; undefined if there is none. */
export function missingOption(cells: readonly string[], rules: CsvRules): 'decimal' | 'dates' | undefined {
  const needed = Math.max(1, cells.length * MAJORITY);
  const count = (test: (text: string) => boolean) => cells.filter((cell) => test(cell.trim())).length;
  if (!rules.dates && count(isForeignDate) >= needed) return 'dates';
  const isNumeric = (text: string) => isForeignNumber(text) || PLAIN_NUMBER.test(text);
  const isGrouped = (text: string) => WITH_COMMA.test(text) || WITH_POINT.test(text);
  // Unless another number of the column shows what its point means.
  const grouped = count(isPerhapsGrouped);
  const isGroupedOnly = grouped > 0 && grouped === count((text) => PLAIN_NUMBER.test(text) && text.includes('.'));
  const foreign = isGroupedOnly || cells.some((cell) => isForeignNumber(cell.trim()));
  return !rules.decimal && foreign && count((text) => isNumeric(text) && isGrouped(text)) >= needed
    ? 'decimal'
    : undefined;
}
