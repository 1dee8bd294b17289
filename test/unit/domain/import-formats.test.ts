import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readLines } from '../../../src/domain/transfer/formats/lines.ts';
import type { RawRecord } from '../../../src/domain/transfer/formats/record.ts';
import { openImport } from '../../../src/domain/transfer/open.ts';
import { inPieces, outlineOf, readImport } from '../../kit/import-files.ts';

const read = async (...args: Parameters<typeof readImport>) => outlineOf((await readImport(...args)).records);

describe('CSV', () => {
  it('reads a file of a spreadsheet: byte order mark, semicolons, quoted line breaks, Windows line ends', async () => {
    const content = '\ufeffuid;First Name;meta.note\r\nu1;"Müller; ""Jo""";"one\r\ntwo"\r\n\r\nu2;;\r\n';
    expect(await read('importUsers', content)).toEqual([
      [2, { uid: 'u1', firstName: 'Müller; "Jo"', meta: { note: 'one\r\ntwo' } }],
      [5, { uid: 'u2' }],
    ]);
  });

  it.each([',', ';', '\t', '|'])('detects the delimiter %j', async (delimiter) => {
    const content = ['uid', '"first,;name"', 'email'].join(delimiter);
    const rows = ['u1', 'Ada', 'a@b.c'].join(delimiter);
    const options = { map: { 'first,;name': 'firstName' } };
    expect(await read('importUsers', `${content}\n${rows}`, options)).toEqual([
      [2, { uid: 'u1', firstName: 'Ada', email: 'a@b.c' }],
    ]);
  });

  it('takes the delimiter of a line "sep=;"', async () => {
    expect(await read('importUsers', 'sep=;\nuid;email\nu1;a@b.c\n')).toEqual([[3, { uid: 'u1', email: 'a@b.c' }]]);
  });

  it('distinguishes an empty cell from an empty text', async () => {
    expect(await read('importUsers', 'uid,firstName,lastName\nu1,,""\n')).toEqual([[2, { uid: 'u1', lastName: '' }]]);
  });

  it('rejects rows with other numbers of cells and broken quotes, and keeps the rows around them', async () => {
    const content = 'uid,firstName\nu1,Ada\nu2\nu3,a,b\nu4,"x"y\nu5,5" pipe\nu6,Bo\nu7,"open\nu8,Cy\n';
    expect(await read('importUsers', content)).toEqual([
      [2, { uid: 'u1', firstName: 'Ada' }],
      [3, 'WRONG_CELL_COUNT'],
      [4, 'WRONG_CELL_COUNT'],
      [5, 'INVALID_CSV'],
      [6, 'INVALID_CSV'],
      [7, { uid: 'u6', firstName: 'Bo' }],
      [8, 'INVALID_CSV'],
      [9, { uid: 'u8', firstName: 'Cy' }],
    ]);
  });

  it.each([1, 20, 100_000])(
    'rejects only the record with an open quote if the next ones have line breaks, in pieces of %i bytes',
    async (size) => {
      const record = (number: number) => (number === 2 ? 'u2;"open' : `u${number};"first ""line""\nsecond line"`);
      const numbers = Array.from({ length: 50 }, (_, index) => index + 1);
      const content = `uid;meta.note\n${numbers.map(record).join('\n')}\n`;
      const outline = await read('importUsers', content, {}, size);
      expect(outline).toHaveLength(50);
      expect(outline[1]).toEqual([4, 'INVALID_CSV']);
      expect(outline.filter(([, result]) => typeof result === 'string')).toHaveLength(1);
    },
  );

  it('reads files with carriage returns only', async () => {
    expect(await read('importUsers', 'uid,email\ru1,a@b.c\r')).toEqual([[2, { uid: 'u1', email: 'a@b.c' }]]);
  });

  it('names an empty file, and a header that is broken', async () => {
    await expect(readImport('importUsers', '', { format: 'csv' })).rejects.toThrow('The file is empty.');
    await expect(readImport('importUsers', 'uid,"a\nu1,b\n')).rejects.toThrow('Line 1, the header, has a quote');
  });
});

describe('encodings', () => {
  const content = 'uid,firstName\nu1,Zoë\n';
  const expected = [[2, { uid: 'u1', firstName: 'Zoë' }]];

  it('reads UTF-16 with a byte order mark, in both byte orders', async () => {
    const little = Buffer.from(`\ufeff${content}`, 'utf16le');
    expect(await read('importUsers', little)).toEqual(expected);
    expect(await read('importUsers', Buffer.from(little).swap16())).toEqual(expected);
  });

  it('reads windows-1252 if it is named, and otherwise rejects the records that are not UTF-8', async () => {
    const latin = Buffer.from(`${content}u2,Ada\n`, 'latin1');
    expect(await read('importUsers', latin, { encoding: 'windows-1252' })).toEqual([
      ...expected,
      [3, { uid: 'u2', firstName: 'Ada' }],
    ]);
    expect(await read('importUsers', latin)).toEqual([
      [2, 'INVALID_ENCODING'],
      [3, { uid: 'u2', firstName: 'Ada' }],
    ]);
  });

  it('decompresses gzip, and names a truncated file', async () => {
    const zipped = gzipSync(content.repeat(1) + 'u2,Bo\n'.repeat(20_000));
    expect(await read('importUsers', zipped)).toHaveLength(20_001);
    await expect(readImport('importUsers', zipped.subarray(0, -20))).rejects.toThrow('The gzip file is truncated.');
    const damaged = Buffer.from(zipped).fill(0, 40, 60);
    await expect(readImport('importUsers', damaged)).rejects.toThrow(/The gzip file is (damaged|truncated)/);
  });
});

async function linesOf(source: AsyncIterable<Uint8Array>) {
  const lines: RawRecord[] = [];
  for await (const batch of readLines(source)) lines.push(...batch);
  return lines;
}

describe('lines', () => {
  it('holds only the beginning of a line that is too long', async () => {
    async function* source() {
      yield Buffer.from('short\n');
      for (let piece = 0; piece < 40; piece += 1) yield Buffer.alloc(64 * 1024, 'x');
      yield Buffer.from('\nlast');
    }
    const lines = await linesOf(source());
    expect(lines).toMatchObject([
      { line: 1, text: 'short' },
      { line: 2, text: 'x'.repeat(1000), fault: { code: 'TOO_LONG' } },
      { line: 3, text: 'last' },
    ]);
  });

  it.each([1, 2, 3, 5, 100])('splits the same lines from pieces of %i bytes', async (size) => {
    const lines = await linesOf(inPieces('a\n\nbü\nc', size));
    expect(lines).toEqual([
      { line: 1, text: 'a' },
      { line: 2, text: '' },
      { line: 3, text: 'bü' },
      { line: 4, text: 'c' },
    ]);
  });
});

describe('NDJSON', () => {
  it('reads the names of both APIs and converts instants', async () => {
    const lines = [
      '{"uid":"u1","first_name":"Ada","created_at":1577836800,"devices":[],"tz":"Africa/Lagos"}',
      '',
      '{"uid":"u2","createdAt":"2020-01-01","device_token":"t","device_platform":"ios"}',
    ];
    const createdAt = new Date('2020-01-01');
    expect(await read('importUsers', lines.join('\r\n'))).toEqual([
      [1, { uid: 'u1', firstName: 'Ada', createdAt, devices: [], timeZone: 'Africa/Lagos' }],
      [3, { uid: 'u2', createdAt, device: { token: 't', platform: 'ios' } }],
    ]);
  });

  it('rejects what is not a JSON object, unknown fields and ambiguous dates', async () => {
    const lines = ['{"uid":', '[1]', '{"uid":"u1","colour":1}', '{"uid":"u1","createdAt":"1.2.2020"}'];
    expect(await read('importUsers', lines.join('\n'), { format: 'ndjson' })).toEqual([
      [1, 'INVALID_JSON'],
      [2, 'INVALID_TYPE'],
      [3, 'UNKNOWN_FIELD'],
      [4, 'AMBIGUOUS_DATE'],
    ]);
    expect(await read('importUsers', lines[2] ?? '', { unknown: 'ignore' })).toEqual([[1, { uid: 'u1' }]]);
  });

  it('rejects two names of the same field', async () => {
    expect(await read('importUsers', '{"uid":"u1","first_name":"A","firstName":"B"}')).toEqual([[1, 'DUPLICATE']]);
    expect(await read('importUsers', '{"uid":"u1","lists":[],"listIds":null}')).toEqual([[1, 'DUPLICATE']]);
    expect(await read('importUsers', '{"uid":"u1","UID":"u2"}', { unknown: 'ignore' })).toEqual([[1, 'DUPLICATE']]);
  });

  it.each(['1e308', '12345678901234567890', '0.12345678901234567890'])(
    'keeps the number %s of a rejected record as it was received',
    async (number) => {
      const text = `{"uid":"u1","meta":{"a":[${number}]}}`;
      const originalOf = async (line: string) => (await readImport('importUsers', line)).records[0]?.original();
      expect(await originalOf(text)).toEqual({ record: text });
      expect(await originalOf(`[${number}]`)).toEqual({ record: `[${number}]` });
      // The record of a file of rejected records, whose number was corrected to another one that is rejected.
      expect(await originalOf(`{"line":4,"errors":[],"record":${text}}`)).toEqual({ record: text });
      expect(await originalOf(JSON.stringify({ line: 4, errors: [], record: text }))).toEqual({ record: text });
      expect(await originalOf('{"uid":"u1","meta":{"a":[1.5]}}')).toEqual({
        record: { uid: 'u1', meta: { a: [1.5] } },
      });
    },
  );
});

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

describe('bounds', () => {
  const repeated = async function* (bytes: Buffer, times: number) {
    for (let time = 0; time < times; time += 1) yield bytes;
  };

  it('drops blank lines at the beginning instead of keeping them', async () => {
    async function* source() {
      yield* repeated(Buffer.alloc(64 * 1024, '\n'), 200);
      yield Buffer.from('{"uid":"u1"}\n');
    }
    const before = process.memoryUsage().heapUsed;
    const file = await openImport('importUsers', source(), {});
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(400e6);
    const [records] = await collect(file.records());
    expect(records?.map(({ text }) => text)).toEqual(['{"uid":"u1"}']);
  });

  it('looks at a sample of at most some megabytes', async () => {
    let yielded = 0;
    async function* source() {
      yield Buffer.from('uid,firstName\n');
      for (let line = 0; line < 200; line += 1) {
        yielded += 1;
        yield Buffer.from(`u${line},${'x'.repeat(500_000)}\n`);
      }
    }
    await openImport('importUsers', source(), {});
    expect(yielded).toBeLessThan(10);
  });

  it('ends a record with an open quote after a limit, also if its lines are empty', async () => {
    const lines = repeated(Buffer.alloc(64 * 1024, '\n'), 20);
    async function* source() {
      yield Buffer.from('uid,firstName\nu1,"open\n');
      yield* lines;
    }
    const file = await openImport('importUsers', source(), {});
    const records = (await collect(file.records())).flat();
    expect(records).toMatchObject([{ line: 2, fault: { code: 'INVALID_CSV' } }]);
  });

  it('rejects a record of many levels', async () => {
    const text = `{"uid":"u1","meta":${'['.repeat(5_000)}${']'.repeat(5_000)}}`;
    const file = await openImport('importUsers', repeated(Buffer.from(text), 1), {});
    const [raws = []] = await collect(file.records());
    expect(file.parse(raws)).toMatchObject([{ line: 1, issues: [{ code: 'TOO_DEEP' }] }]);
  });
});
