import { parse } from 'csv-parse/sync';
import { type RawRecord, recordIssue } from './record.ts';

/** Characters that can separate cells. */
export const delimiters = [',', ';', '\t', '|'] as const;

/** Stands for a cell of `""`, which is an empty text; an empty cell is absent. */
export const EMPTY_TEXT = Symbol('EMPTY_TEXT');

/** The content of a cell; empty if it is absent. */
export type Cell = string | typeof EMPTY_TEXT;

/** Detects the delimiter of a header: the one that occurs most often outside of quotes. */
function detectDelimiter(header: string): string {
  const unquoted = header.replaceAll(/"[^"]*"/g, '');
  const counts = delimiters.map((delimiter) => unquoted.split(delimiter).length);
  return delimiters[counts.indexOf(Math.max(...counts))] ?? ',';
}

/** Splits a header into the names of the columns. @param delimiter detected by default. */
export function parseHeader(text: string, delimiter = detectDelimiter(text)): { names: Cells; delimiter: string } {
  const [names = []] = parseCells([text], delimiter);
  return { names, delimiter };
}

/** The cells of a record, or why they cannot be read. */
export type Cells = readonly Cell[] | { fault: string };

/** Splits records into cells. */
export function parseCells(texts: readonly string[], delimiter: string): Cells[] {
  const all = tryParse(texts.join('\n'), delimiter);
  if ('records' in all && all.records.length === texts.length) return all.records;
  // One of them is malformed.
  return texts.map((text) => {
    const parsed = tryParse(text, delimiter);
    if ('fault' in parsed) return parsed;
    const [record, another] = parsed.records;
    return record && !another ? record : { fault: 'must be one record' };
  });
}

function tryParse(text: string, delimiter: string): { records: Cell[][] } | { fault: string } {
  try {
    const records: Cell[][] = parse(text, {
      delimiter,
      record_delimiter: '\n',
      relax_column_count: true,
      // Takes twice as long as without.
      ...(text.includes('""') ? { cast: markEmptyText } : {}),
    });
    return { records };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return { fault: faults[code] ?? 'must be valid CSV' };
  }
}

// csv-parse expects the type of the cell's content.
const markEmptyText = (value: string, { quoting }: { quoting: boolean }): Cell =>
  value === '' && quoting ? EMPTY_TEXT : value;

const faults: Readonly<Record<string, string>> = {
  CSV_INVALID_CLOSING_QUOTE: 'has text after a closing quote; a quote within quotes must be doubled',
  INVALID_OPENING_QUOTE: 'has a quote in a cell without quotes; quote the cell, and double the quote in it',
  CSV_QUOTE_NOT_CLOSED: 'has a quote that is not closed',
};

/** Maximum number of characters in a record of several lines: more than any valid one has, so that a missing quote is found. */
const MAX_QUOTED_LENGTH = 64 * 1024;

const UNCLOSED = recordIssue('INVALID_CSV', faults.CSV_QUOTE_NOT_CLOSED ?? '');

/** Where the header of a CSV file is, and how its cells are separated. */
export interface CsvLayout {
  /** Number of records before the header. */
  skipped: number;
  /** Detected in the header if undefined. */
  delimiter: string | undefined;
}

/**
 * Joins the lines of a CSV file to records: a record continues in the next line while a quote is open. If the quote is not closed
 * within `MAX_QUOTED_LENGTH`, or the record then has the wrong number of cells, only its first line is rejected: a missing quote
 * must not reject the records that follow.
 */
export async function* joinLines(lines: AsyncIterable<RawRecord[]>, layout: CsvLayout): AsyncGenerator<RawRecord[]> {
  const open = new OpenRecord(layout);
  for await (const batch of lines) {
    // Also without records, so that the reader can stop a long file of blank lines.
    yield batch.flatMap((line) => open.add(line));
  }
  const records = open.end();
  if (records.length > 0) yield records;
}

const hasOpenQuote = (text: string): boolean => {
  let isOpen = false;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) isOpen = !isOpen;
  return isOpen;
};

/** Within a record, a carriage return is part of a cell. */
const withoutLineEnd = (text: string) => (text.endsWith('\r') ? text.slice(0, -1) : text);

/** The lines of a record whose quote is open. */
class OpenRecord {
  readonly #delimiter: string | undefined;
  /** Number of records until the header is complete. */
  #untilHeader: number;
  /** How cells are separated, and how many a record has. Undefined until the header is complete. */
  #shape: { delimiter: string; columns: number } | undefined;
  #lines: RawRecord[] = [];
  #length = 0;

  constructor({ skipped, delimiter }: CsvLayout) {
    this.#untilHeader = skipped + 1;
    this.#delimiter = delimiter;
  }

  /** Adds a line. @returns the records that are complete. */
  add(line: RawRecord): RawRecord[] {
    const isToggled = line.fault === undefined && line.text.includes('"') && hasOpenQuote(line.text);
    if (this.#lines.length === 0 && !isToggled) {
      const text = withoutLineEnd(line.text);
      return text === '' && !line.fault ? [] : [this.#complete({ ...line, text })];
    }
    this.#lines.push(line);
    this.#length += line.text.length + 1;
    if (line.fault || this.#length > MAX_QUOTED_LENGTH) return this.#giveUp();
    return isToggled && this.#lines.length > 1 ? this.#close() : [];
  }

  /** Returns the last records at the end of the file. */
  end(): RawRecord[] {
    const records: RawRecord[] = [];
    while (this.#lines.length > 0) records.push(...this.#giveUp());
    return records;
  }

  #close(): RawRecord[] {
    const text = withoutLineEnd(this.#lines.map((line) => line.text).join('\n'));
    const shape = this.#shape;
    const [cells] = shape ? parseCells([text], shape.delimiter) : [];
    if (shape && (cells === undefined || 'fault' in cells || cells.length !== shape.columns)) return this.#giveUp();
    const [{ line } = { line: 0 }] = this.#lines;
    this.#lines = [];
    this.#length = 0;
    return [this.#complete({ line, text })];
  }

  #complete(record: RawRecord): RawRecord {
    if (this.#untilHeader === 0) return record;
    this.#untilHeader -= 1;
    if (this.#untilHeader === 0 && !record.fault) {
      const { names, delimiter } = parseHeader(record.text, this.#delimiter);
      if (!('fault' in names)) this.#shape = { delimiter, columns: names.length };
    }
    return record;
  }

  /** Rejects the first line, and parses the others as new records. */
  #giveUp(): RawRecord[] {
    const [first, ...others] = this.#lines;
    this.#lines = [];
    this.#length = 0;
    if (!first) return [];
    const text = withoutLineEnd(first.text);
    const rejected = this.#complete(first.fault ? first : { ...first, text, fault: UNCLOSED });
    return [rejected, ...others.flatMap((line) => this.add(line))];
  }
}
