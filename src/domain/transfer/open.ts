import { z } from 'zod';
import { type Column, mapColumns } from './columns.ts';
import { parseCsvRecords, parseLine } from './convert.ts';
import { cellTypes, type ImportKind } from './fields.ts';
import { encodings, readUtf8 } from './formats/bytes.ts';
import { delimiters, joinLines, parseCells, parseHeader } from './formats/csv.ts';
import { readLines } from './formats/lines.ts';
import { type CsvRules, ImportFileError, type ParsedRecord, type RawRecord } from './formats/record.ts';
import type { OptionNotation } from './option-notation.ts';

/** The formats of imported files. */
export const importFormats = ['csv', 'ndjson'] as const;

/** How a file is read: the options of a job. Omitted ones are detected, or not used. */
export const importOptions = z.object({
  format: z.enum(importFormats).optional(),
  encoding: z.enum(encodings).optional(),
  delimiter: z.enum(delimiters).optional(),
  map: z.record(z.string(), z.string()).optional(),
  types: z.record(z.string(), z.enum(cellTypes)).optional(),
  decimal: z.enum(['point', 'comma']).optional(),
  dates: z.enum(['dmy', 'mdy']).optional(),
  unknown: z.enum(['attributes', 'ignore']).optional(),
});

/** How a file is read. */
export type ImportOptions = z.output<typeof importOptions>;

/** The options, and how messages write them. */
type ReadOptions = ImportOptions & { notation?: OptionNotation };

/** Records from which types are guessed. */
const SAMPLE_SIZE = 1000;

/** A file whose format and columns are known. */
export interface ImportFile {
  readonly format: (typeof importFormats)[number];
  /** Only for CSV. */
  readonly delimiter?: string;
  /** Only for CSV. */
  readonly columns?: readonly Column[];
  /** Number of bytes that were read from the source. */
  bytesRead(): number;
  /** All records, as texts. Can be read once. */
  records(): AsyncGenerator<RawRecord[]>;
  parse(records: readonly RawRecord[]): ParsedRecord[];
}

/**
 * Reads the beginning of a file: detects its format, and maps its columns.
 * @param notation how messages write options; by default, as on the command line.
 * @throws {ImportFileError} if it cannot be imported.
 */
export async function openImport(
  kind: ImportKind,
  source: AsyncIterable<Uint8Array>,
  given: ImportOptions,
  notation?: OptionNotation,
): Promise<ImportFile> {
  const options: ReadOptions = { ...given, ...(notation ? { notation } : {}) };
  const counted = countBytes(source);
  const lines = new Batches(readLines(readUtf8(counted.bytes, options.encoding)));
  const first = await lines.peekText();
  const format = options.format ?? (/^\s*[{[]/.test(first) ? 'ndjson' : 'csv');
  const bytesRead = () => counted.count;
  if (format === 'csv') return { bytesRead, ...(await openCsv(kind, lines, first, options)) };
  return {
    format,
    bytesRead,
    records: () => withoutBlankLines(lines.rest()),
    parse: (records) => records.map((record) => parseLine(kind, record, options)),
  };
}

function countBytes(source: AsyncIterable<Uint8Array>) {
  const counted = { count: 0, bytes: count() };
  async function* count(): AsyncGenerator<Uint8Array> {
    for await (const bytes of source) {
      counted.count += bytes.length;
      yield bytes;
    }
  }
  return counted;
}

async function* withoutBlankLines(batches: AsyncIterable<RawRecord[]>): AsyncGenerator<RawRecord[]> {
  for await (const batch of batches) yield batch.filter(({ text }) => text.trim() !== '');
}

/** Maximum number of characters of the records that are looked at before all are read. */
const PEEKED_LENGTH = 2 * 1024 * 1024;

const lengthOf = (records: readonly RawRecord[]) => records.reduce((sum, { text }) => sum + text.length, 0);

/** Batches of records, of which the first ones can be looked at before all are read. */
class Batches {
  readonly #source: AsyncIterator<RawRecord[]>;
  #peeked: RawRecord[][] = [];

  constructor(source: AsyncIterable<RawRecord[]>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The first records: at least `count`, unless there are fewer, or they are longer than `PEEKED_LENGTH`. */
  async peek(count: number): Promise<RawRecord[]> {
    let size = this.#peeked.reduce((sum, batch) => sum + batch.length, 0);
    let length = this.#peeked.reduce((sum, batch) => sum + lengthOf(batch), 0);
    while (size < count && length < PEEKED_LENGTH) {
      const { value, done } = await this.#source.next();
      if (done) break;
      if (value.length > 0) this.#peeked.push(value);
      size += value.length;
      length += lengthOf(value);
    }
    return this.#peeked.flat();
  }

  /** The first line that is not blank; empty if there is none. Drops the blank lines before it. */
  async peekText(): Promise<string> {
    for (;;) {
      const { value, done } = await this.#source.next();
      if (done) return '';
      const start = value.findIndex(({ text }) => text.trim() !== '');
      if (start === -1) continue;
      this.#peeked.push(value.slice(start));
      return value[start]?.text ?? '';
    }
  }

  async *rest(): AsyncGenerator<RawRecord[]> {
    try {
      const peeked = this.#peeked;
      this.#peeked = [];
      yield* peeked;
      yield* { [Symbol.asyncIterator]: () => this.#source };
    } finally {
      await this.#source.return?.();
    }
  }
}

/** The line with which spreadsheets name the delimiter. */
const SEPARATOR_LINE = /^sep=(.)\r?$/i;

async function openCsv(
  kind: ImportKind,
  lines: Batches,
  first: string,
  options: ReadOptions,
): Promise<Omit<ImportFile, 'bytesRead'>> {
  const [, separator] = SEPARATOR_LINE.exec(first) ?? [];
  const skipped = separator === undefined ? 0 : 1;
  const layout = { skipped, delimiter: options.delimiter ?? separator };
  const records = new Batches(joinLines(lines.rest(), layout));
  const header = (await records.peek(skipped + 1))[skipped];
  if (!header) throw new ImportFileError('The file is empty.');
  if (header.fault) throw new ImportFileError(`Line ${header.line}, the header, ${header.fault.message}.`);
  const { names, delimiter } = parseHeader(header.text, layout.delimiter);
  if ('fault' in names) throw new ImportFileError(`Line ${header.line}, the header, ${names.fault}.`);
  const sample = (await records.peek(skipped + 1 + SAMPLE_SIZE)).slice(skipped + 1, skipped + 1 + SAMPLE_SIZE);
  const cells = parseCells(
    sample.filter(({ fault }) => !fault).map(({ text }) => text),
    delimiter,
  );
  const valid = cells.flatMap((each) => ('fault' in each || each.length !== names.length ? [] : [each]));
  const columns = mapColumns(kind, names.map(String), valid, options);
  return {
    format: 'csv',
    delimiter,
    columns,
    records: () => withoutHeader(records.rest(), skipped + 1),
    parse: (raws) => parseCsvRecords(raws, columns, { delimiter, ...rulesOf(options) }),
  };
}

const rulesOf = ({ decimal, dates }: ImportOptions): CsvRules => ({
  ...(decimal ? { decimal } : {}),
  ...(dates ? { dates } : {}),
});

async function* withoutHeader(batches: AsyncIterable<RawRecord[]>, count: number): AsyncGenerator<RawRecord[]> {
  let left = count;
  for await (const batch of batches) {
    const skipped = Math.min(left, batch.length);
    left -= skipped;
    yield batch.slice(skipped);
  }
}
