import { isUtf8 } from 'node:buffer';
import { MAX_RECORD_BYTES, type RawRecord, recordIssue } from './record.ts';

const LINE_FEED = 10;

/** Characters of a line that is too long, or not UTF-8, which its report contains. */
const REPORTED_LENGTH = 1000;

const TOO_LONG = recordIssue(
  'TOO_LONG',
  `must have at most ${MAX_RECORD_BYTES / 1024} KB; if it is one of many records, a quote may be missing`,
);

const NOT_UTF8 = recordIssue(
  'INVALID_ENCODING',
  'must be UTF-8; if the whole file has another encoding, name it, such as windows-1252',
);

/**
 * Splits UTF-8 into lines, without their `\n`. Holds at most one line of `MAX_RECORD_BYTES` in memory; lines that are longer, or
 * that are not UTF-8, have a `fault`.
 */
export async function* readLines(source: AsyncIterable<Uint8Array>): AsyncGenerator<RawRecord[]> {
  const splitter = new LineSplitter();
  for await (const bytes of source) {
    const lines = splitter.split(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (lines.length > 0) yield lines;
  }
  const last = splitter.end();
  if (last) yield [last];
}

class LineSplitter {
  #line = 1;
  /** The beginning of a line whose end has not arrived; at most `MAX_RECORD_BYTES`. */
  #parts: Buffer[] = [];
  #size = 0;

  split(bytes: Buffer): RawRecord[] {
    const first = bytes.indexOf(LINE_FEED);
    if (first === -1) {
      this.#keep(bytes);
      return [];
    }
    const last = bytes.lastIndexOf(LINE_FEED);
    this.#keep(bytes.subarray(0, first));
    const line = this.#takeLine();
    const others = last > first ? this.#splitWhole(bytes.subarray(first + 1, last)) : [];
    this.#keep(bytes.subarray(last + 1));
    // Not `push(...others)`, which fails for a hundred thousand lines.
    return [line, ...others];
  }

  end(): RawRecord | undefined {
    return this.#size > 0 ? this.#takeLine() : undefined;
  }

  #keep(bytes: Buffer): void {
    if (this.#size <= MAX_RECORD_BYTES) this.#parts.push(Buffer.from(bytes));
    this.#size += bytes.length;
  }

  #takeLine(): RawRecord {
    const line = this.#toLine(Buffer.concat(this.#parts), this.#size);
    this.#parts = [];
    this.#size = 0;
    return line;
  }

  /** Splits bytes that consist of whole lines. */
  #splitWhole(bytes: Buffer): RawRecord[] {
    // Decoding all lines at once takes a third of the time of decoding each.
    if (isUtf8(bytes) && bytes.length <= MAX_RECORD_BYTES) {
      return bytes
        .toString('utf8')
        .split('\n')
        .map((text) => ({ line: this.#line++, text }));
    }
    const lines: RawRecord[] = [];
    for (let start = 0; start <= bytes.length; ) {
      const end = bytes.indexOf(LINE_FEED, start);
      const line = bytes.subarray(start, end === -1 ? bytes.length : end);
      lines.push(this.#toLine(line, line.length));
      start += line.length + 1;
    }
    return lines;
  }

  #toLine(bytes: Buffer, size: number): RawRecord {
    const line = this.#line++;
    const fault = size > MAX_RECORD_BYTES ? TOO_LONG : isUtf8(bytes) ? undefined : NOT_UTF8;
    if (!fault) return { line, text: bytes.toString('utf8') };
    return { line, text: bytes.toString('utf8', 0, REPORTED_LENGTH), fault };
  }
}
