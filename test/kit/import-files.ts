import type { ImportKind } from '../../src/domain/transfer/fields.ts';
import type { ParsedRecord } from '../../src/domain/transfer/formats/record.ts';
import { type ImportFile, type ImportOptions, openImport } from '../../src/domain/transfer/open.ts';

/** The bytes of a file in pieces of a size, as a slow source sends them. */
export async function* inPieces(content: string | Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(content);
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

/** Opens a file and parses its records. */
export async function readImport(
  kind: ImportKind,
  content: string | Uint8Array,
  options: ImportOptions = {},
  pieceSize = 7,
): Promise<{ file: ImportFile; records: ParsedRecord[] }> {
  const file = await openImport(kind, inPieces(content, pieceSize), options);
  const records: ParsedRecord[] = [];
  for await (const batch of file.records()) records.push(...file.parse(batch));
  return { file, records };
}

/** The line of each record, with its input, or the codes of its issues. */
export const outlineOf = (records: readonly ParsedRecord[]) =>
  records.map(({ line, input, issues }) => [line, issues.length > 0 ? issues.map(({ code }) => code).join() : input]);
