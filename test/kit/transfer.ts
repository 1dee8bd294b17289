import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { DatabaseClient } from '../../src/db/client.ts';
import { scopes } from '../../src/domain/shared/scopes.ts';
import { type ExportOptions, exportRecords } from '../../src/domain/transfer/export.ts';
import type { ImportKind } from '../../src/domain/transfer/fields.ts';
import { runImport } from '../../src/domain/transfer/import.ts';
import { createJob, takeJob } from '../../src/domain/transfer/jobs.ts';
import { importOptions, openImport } from '../../src/domain/transfer/open.ts';
import { Pace } from '../../src/domain/transfer/pace.ts';
import { actorOf } from './actor.ts';

/** A workspace to export from, or to import to. */
interface Place {
  db: DatabaseClient;
  workspaceId: string;
}

/** Exports records as one text. */
export async function exportText({ db, workspaceId }: Place, options: ExportOptions): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of exportRecords(db, workspaceId, options)) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** Imports a file. @returns the rejected records, as NDJSON. */
export async function importText(
  place: Place,
  kind: ImportKind,
  text: string,
  format: ExportOptions['format'],
): Promise<string> {
  const { db } = place;
  const options = importOptions.parse({ format });
  const file = await openImport(kind, Readable.from([Buffer.from(text)]), options);
  const job = await createJob(db, actorOf(place, 'test', ...scopes), { kind, state: 'waiting', options });
  const owner = randomUUID();
  const running = job && (await takeJob(db, job, owner));
  if (!running) throw new Error('The job was not created.');
  const rejected: Buffer[] = [];
  const rejects = { write: async (_tx: unknown, lines: Buffer) => void rejected.push(lines) };
  await runImport(db, running, owner, {
    file,
    rejects,
    pace: new Pace(db, { workspaceId: running.workspaceId, chunk: 100 }),
  });
  return Buffer.concat(rejected).toString();
}
