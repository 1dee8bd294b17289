import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ImportFileError } from './record.ts';

/** Encodings that can be declared. Files with a byte order mark need none. */
export const encodings = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const;

/** One of `encodings`. */
export type Encoding = (typeof encodings)[number];

/** Enough to recognize an encoding and line ends. */
const HEAD_BYTES = 64 * 1024;

/** The bytes of a file as UTF-8 with lines that end in `\n`: decompresses gzip, decodes other encodings, removes the byte order mark. */
export async function* readUtf8(source: AsyncIterable<Uint8Array>, encoding?: Encoding): AsyncGenerator<Uint8Array> {
  const { head, rest } = await peek(source, 2);
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  yield* toUtf8(isGzip ? gunzip(rest) : rest, encoding);
}

/** Reads the first bytes of a source. @returns them, and the whole source. */
async function peek(source: AsyncIterable<Uint8Array>, bytes: number) {
  const iterator = source[Symbol.asyncIterator]();
  const parts: Uint8Array[] = [];
  for (let size = 0; size < bytes; ) {
    const { value, done } = await iterator.next();
    if (done) break;
    parts.push(value);
    size += value.length;
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    try {
      yield* parts;
      parts.length = 0;
      yield* { [Symbol.asyncIterator]: () => iterator };
    } finally {
      await iterator.return?.();
    }
  }
  return { head: Buffer.concat(parts), rest: whole() };
}

async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = Readable.from(source, { objectMode: false });
  const output = createGunzip();
  input.on('error', (error) => output.destroy(error)).pipe(output);
  try {
    yield* output;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'Z_BUF_ERROR') throw new ImportFileError('The gzip file is truncated.', { cause: error });
    if (String(code).startsWith('Z_')) throw new ImportFileError('The gzip file is damaged.', { cause: error });
    throw error;
  } finally {
    input.destroy();
  }
}

const byteOrderMarks: readonly [mark: readonly number[], encoding: Encoding][] = [
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];

async function* toUtf8(source: AsyncIterable<Uint8Array>, declared: Encoding = 'utf-8'): AsyncGenerator<Uint8Array> {
  const { head, rest } = await peek(source, HEAD_BYTES);
  const [mark, found] = byteOrderMarks.find(([bytes]) => bytes.every((byte, place) => head[place] === byte)) ?? [];
  const encoding = found ?? declared;
  const bytes = encoding === 'utf-8' ? withoutFirst(rest, mark?.length ?? 0) : transcode(rest, encoding);
  // Files of classic Mac OS, which some spreadsheets still write.
  if (encoding === 'utf-8' && head.includes('\r') && !head.includes('\n')) yield* replaceCarriageReturns(bytes);
  else yield* bytes;
}

async function* withoutFirst(source: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const bytes of source) {
    const skipped = Math.min(left, bytes.length);
    left -= skipped;
    yield bytes.subarray(skipped);
  }
}

async function* transcode(source: AsyncIterable<Uint8Array>, encoding: Encoding): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const bytes of source) yield Buffer.from(decoder.decode(bytes, { stream: true }));
    yield Buffer.from(decoder.decode());
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ImportFileError(`The file is not valid ${encoding.toUpperCase()}.`, { cause: error });
  }
}

async function* replaceCarriageReturns(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const bytes of source) yield bytes.map((byte) => (byte === 13 ? 10 : byte));
}
