import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import type { Database } from '../../../src/db/client.ts';
import { checkImport } from '../../../src/domain/transfer/import.ts';
import { openImport } from '../../../src/domain/transfer/open.ts';

const MEGABYTE = Buffer.alloc(1024 * 1024, '\n');

/** Longer than the sample from which types are guessed, but not than a chunk. */
const CSV = `uid,${'x'.repeat(900_000)}\nu1,${'y'.repeat(700_000)}\nu2,${'z'.repeat(700_000)}\n`;

it.each([
  ['CSV', CSV],
  ['NDJSON', '{"uid":"u1"}\n'],
])('stops at a signal while %s is followed by blank lines', async (_format, start) => {
  const interruption = new AbortController();
  let sent = 0;
  async function* source() {
    yield Buffer.from(start);
    for (; sent < 50; sent += 1) {
      if (sent === 10) interruption.abort();
      yield MEGABYTE;
    }
  }
  const file = await openImport('importUsers', Readable.from(source(), { highWaterMark: 1 }), { unknown: 'ignore' });
  const rejects = { write: async () => {} };
  // Nothing is written, since the file does not fill a chunk.
  const db = {} as Database;
  const { recordsRead } = await checkImport(db, 'importUsers', 'none', { file, rejects, signal: interruption.signal });
  expect(recordsRead).toBe(0);
  expect(sent).toBeLessThan(20);
});
