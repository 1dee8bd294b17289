import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Writes a file of persisted operations, to be removed by `await using`. @param content of the file, if not an object. */
export async function writePersisted(content: object | string) {
  const directory = await mkdtemp(join(tmpdir(), 'usergraph-persisted-'));
  const file = join(directory, 'persisted.json');
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return { file, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

/** The id of a document as Apollo's clients send it; codegen adds the prefix `sha256:`. */
export const idOf = (document: string): string => createHash('sha256').update(document).digest('hex');
