import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import type { DatabaseClient } from '../db/client.ts';
import type { Actor } from '../domain/shared/actor.ts';
import { ForbiddenError } from '../domain/shared/errors.ts';
import type { ImportKind } from '../domain/transfer/fields.ts';
import { ImportFileError } from '../domain/transfer/formats/record.ts';
import { CHUNK_RECORDS, checkImport, type ImportProgress, runImport } from '../domain/transfer/import.ts';
import {
  createJob,
  endJob,
  findJobOfSource,
  forgetSource,
  JobTakenError,
  type TransferJob,
  takeJob,
} from '../domain/transfer/jobs.ts';
import { writers } from '../domain/transfer/kinds.ts';
import { type ImportFile, type ImportOptions, openImport } from '../domain/transfer/open.ts';
import { Pace } from '../domain/transfer/pace.ts';
import { findActor } from './actor.ts';
import type { CommandOptions, WithDatabase } from './database.ts';
import { addImportOptions, type ImportCommandOptions, toImportOptions } from './import-options.ts';
import { CliError, describeFailure, formatColumns, print } from './output.ts';
import { formatCount, formatDuration, formatRecords, reportProgress } from './progress.ts';
import { RejectedFile } from './rejected-file.ts';

/** Waits longer than a gateway does: nobody waits for the answer. The second connection reads the load. */
const WORK: CommandOptions = { statementMs: 60_000, lockMs: 30_000, poolSize: 2 };

const kinds: readonly [name: string, kind: ImportKind, description: string, example: string][] = [
  ['users', 'importUsers', 'creates and updates users', 'users.csv'],
  ['events', 'importEvents', 'adds events', 'events.ndjson.gz'],
  ['lists', 'importLists', 'creates and updates lists', 'lists.ndjson'],
];

/** `import users FILE`, `import events FILE` and `import lists FILE`. */
export function addImportCommands(program: Command, withDatabase: WithDatabase): void {
  const parent = program
    .command('import')
    .description('imports users, events and lists from files')
    .helpCommand(false)
    .addHelpText('after', kinds.map(([name, , , file]) => exampleOf(name, file)).join(''));
  for (const [name, kind, description, file] of kinds) {
    const command = parent
      .command(name)
      .description(`${description} from a CSV or NDJSON file, which can be compressed with gzip`)
      .argument('<FILE>', 'the file; - for standard input')
      .addHelpText('after', `\nExample:${exampleOf(name, file)}`);
    addImportOptions(command).action((path: string, options: ImportCommandOptions) =>
      withDatabase((db) => importFile(db, kind, path, options), WORK),
    );
  }
}

const exampleOf = (name: string, file: string) =>
  `\n  npm run cli -- import ${name} ${file} --workspace 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44`;

/** An import with what it needs. */
interface Import {
  db: DatabaseClient;
  kind: ImportKind;
  actor: Actor;
  source: Source;
  file: ImportFile;
  rejected: RejectedFile;
  options: ImportOptions;
  command: ImportCommandOptions;
  signal: AbortSignal;
}

async function importFile(
  db: DatabaseClient,
  kind: ImportKind,
  path: string,
  command: ImportCommandOptions,
): Promise<void> {
  const options = toImportOptions(command);
  const actor = await findActor(db, command);
  const source = await openSource(path);
  await using rejected = new RejectedFile(command.rejected ?? `${path === '-' ? 'stdin' : path}.rejected.ndjson`);
  const signal = abortOnSignals(source.stream);
  // Other processes of the machine, such as a gateway, come first.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  try {
    const { scope } = writers[kind];
    if (!actor.scopes.has(scope)) throw new ForbiddenError('The import', scope);
    const file = await openImport(kind, source.stream, options);
    const run: Import = { db, kind, actor, source, file, rejected, options, command, signal };
    await (command.dryRun ? checkFile(run) : importOnce(run));
  } catch (error) {
    throw error instanceof ImportFileError
      ? new CliError(`${nameOf(path)}: ${error.message}`, { cause: error })
      : error;
  } finally {
    source.stream.destroy();
  }
}

const nameOf = (path: string) => (path === '-' ? 'standard input' : path);

/** The bytes to import. */
interface Source {
  path: string;
  stream: Readable;
  /** Undefined for standard input. */
  size?: number;
}

async function openSource(path: string): Promise<Source> {
  if (path === '-') return { path, stream: process.stdin };
  try {
    const file = await stat(path);
    if (file.isDirectory()) throw new CliError(`${path} is a folder; import each of its files.`);
    // Fails here if the file cannot be read.
    const stream = createReadStream(path);
    await new Promise((resolve, reject) => stream.once('open', resolve).once('error', reject));
    return { path, stream, size: file.size };
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`Cannot read ${path}: ${describeFileError(error)}.`);
  }
}

const fileErrors: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'you may not read it',
};

function describeFileError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return ('code' in error ? fileErrors[String(error.code)] : undefined) ?? error.message;
}

/** Stops after the current chunk at the first SIGINT or SIGTERM, and at once at the second. */
function abortOnSignals(stream: Readable): AbortSignal {
  const interruption = new AbortController();
  const interrupt = () => {
    interruption.abort();
    process.stderr.write('\nStopping after the current chunk.\n');
    // Otherwise, an import would wait for more of a standard input that is idle.
    stream.destroy();
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  return interruption.signal;
}

async function checkFile({ db, kind, actor, source, file, rejected, command, signal }: Import): Promise<void> {
  showColumns(file, command);
  await rejected.clear();
  const progress = reportProgress({
    bytesTotal: source.size,
    start: { recordsRead: 0, bytesRead: 0 },
    json: command.json ?? false,
  });
  const result = await checkImport(db, kind, actor.workspaceId, {
    file,
    rejects: rejected,
    signal,
    onProgress: progress.show,
  });
  progress.end();
  if (signal.aborted) throw new CliError('Interrupted.');
  await printSummary({ kind, progress: result, startedFrom: 0, rejected, command, seconds: undefined, id: null });
}

async function importOnce(run: Import): Promise<void> {
  const { db, command, file, rejected, source, signal } = run;
  const owner = randomUUID();
  const job = await startJob(run, owner);
  if (!job) return;
  showColumns(file, command);
  if (job.rejectedBytes === 0) await rejected.clear();
  const progress = reportProgress({ bytesTotal: source.size, start: job, json: command.json ?? false });
  const pace = new Pace(db, { workspaceId: job.workspaceId, chunk: CHUNK_RECORDS, maxRate: command.maxRate });
  const startedAt = performance.now();
  let recordsRead = job.recordsRead;
  const onProgress = (reached: ImportProgress) => {
    recordsRead = reached.recordsRead;
    progress.show(reached);
  };
  try {
    const reached = await runImport(db, job, owner, { file, rejects: rejected, pace, signal, onProgress });
    progress.end();
    if (signal.aborted) throw new CliError('Interrupted.');
    await endJob(db, job, owner, { state: 'completed' });
    const seconds = (performance.now() - startedAt) / 1000;
    await printSummary({
      kind: run.kind,
      progress: reached,
      startedFrom: job.recordsRead,
      rejected,
      command,
      seconds,
      id: job.id,
    });
  } catch (error) {
    progress.end();
    throw await describeInterruption(run, {
      job,
      owner,
      recordsRead,
      error: signal.aborted ? new CliError('Interrupted.') : error,
    });
  }
}

/**
 * Creates the job of the file, or takes the one that was interrupted.
 * @returns undefined if the file was imported completely.
 * @throws {CliError} if its import was interrupted, and is not to be continued.
 */
async function startJob(run: Import, owner: string): Promise<TransferJob | undefined> {
  const { db, kind, actor, source, options, command } = run;
  const digest = source.size === undefined ? undefined : await digestOf(source.path, options);
  const { workspaceId } = actor;
  const existing = digest === undefined ? undefined : await findJobOfSource(db, workspaceId, kind, digest);
  if (existing && command.again) {
    await forgetSource(db, existing);
  } else if (existing?.completedAt) {
    await printImported(existing, run);
    return undefined;
  } else if (existing) {
    if (!command.resume) throw notCompleted(run, existing.recordsRead);
    if (existing.keyId !== actor.actorName) {
      throw new CliError(
        `The import of ${source.path} was started by ${existing.keyId}. Continue it as the same actor, or start again with --again.`,
      );
    }
    const taken = await takeJob(db, existing, owner);
    // It has been completed just now.
    return taken ?? startJob(run, owner);
  }
  const job = await createJob(db, actor, {
    kind,
    state: 'waiting',
    options,
    ...(digest === undefined ? {} : { source: digest }),
    ...(source.size === undefined ? {} : { bytesTotal: source.size }),
  });
  // Another process has created it just now.
  if (!job) throw notCompleted(run, 0);
  const taken = await takeJob(db, job, owner);
  if (!taken) throw new Error('A new job was taken by another process.');
  return taken;
}

/** Identifies a file and the options on which the written rows depend. */
async function digestOf(path: string, options: ImportOptions): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(bytes);
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(hash.digest()).update(JSON.stringify(sorted)).digest('hex');
}

const notCompleted = ({ source }: Import, recordsRead: number) =>
  new CliError(
    `An import of ${source.path} is running, or was interrupted after ${formatCount(recordsRead)} records. Continue it here with --resume; a process that still runs then stops.`,
  );

async function printImported(job: TransferJob, { source, command }: Import): Promise<void> {
  const at = `${(job.completedAt ?? job.createdAt).slice(0, 19)}Z`;
  const { id, recordsRead: read, written, rejected } = job;
  const text = `${source.path} was already imported on ${at}: ${formatRecords(written)} written, ${formatCount(rejected)} rejected. Nothing to do. Use --again to import it once more.`;
  await print(command, { id, status: 'already-imported', importedAt: at, read, written, rejected }, text);
}

/** Ends the job of a standard input, and describes how to continue that of a file. */
async function describeInterruption(
  { db, source }: Import,
  { job, owner, recordsRead, error }: { job: TransferJob; owner: string; recordsRead: number; error: unknown },
): Promise<Error> {
  if (error instanceof JobTakenError)
    return new CliError(`Stopped after ${formatCount(recordsRead)} records: another process continues the import.`);
  const message = error instanceof ImportFileError ? error.message : describeFailure(error);
  const reason = message.endsWith('.') ? message : `${message}.`;
  if (source.size !== undefined) {
    return new CliError(
      `${reason} Imported ${formatCount(recordsRead)} records of ${source.path}; continue with --resume.`,
      { cause: error },
    );
  }
  await endJob(db, job, owner, { state: 'failed', error: reason }).catch(() => {});
  return new CliError(
    `${reason} Imported ${formatCount(recordsRead)} records of standard input, which cannot be resumed.`,
    { cause: error },
  );
}

/** Shows how columns become fields, before anything is written. */
function showColumns({ columns, delimiter }: ImportFile, { json }: ImportCommandOptions): void {
  if (!columns || json) return;
  const rows = columns.map(({ column, field, type, example }) => [
    column,
    field ?? '(ignored)',
    field === null ? '' : type === 'texts' ? 'texts' : type,
    example === null ? '' : example.replaceAll(/\s+/g, ' ').slice(0, 40),
  ]);
  const name = delimiter === '\t' ? 'tab' : delimiter;
  process.stderr.write(`Delimiter: ${name}\n${formatColumns(['COLUMN', 'FIELD', 'TYPE', 'EXAMPLE'], rows)}\n\n`);
}

/** Reasons of rejections that the summary shows. */
const SHOWN_REASONS = 10;

interface Summary {
  kind: ImportKind;
  progress: ImportProgress;
  /** Number of records that earlier runs have read. */
  startedFrom: number;
  rejected: RejectedFile;
  command: ImportCommandOptions;
  /** Undefined for a dry run. */
  seconds: number | undefined;
  id: string | null;
}

async function printSummary({ kind, progress, startedFrom, rejected, command, seconds, id }: Summary): Promise<void> {
  const { recordsRead: read, written, created, updated } = progress;
  const readNow = read - startedFrom;
  const reasons = [...progress.reasons].sort(([, a], [, b]) => b - a);
  const isDryRun = seconds === undefined;
  // Events are never updated.
  const canUpdate = kind !== 'importEvents';
  const rejectedFile = progress.rejected > 0 ? rejected.path : null;
  const json = {
    id,
    status: isDryRun ? 'valid' : 'imported',
    read,
    ...(isDryRun ? { valid: written } : { written, created, updated, seconds: Math.round(seconds * 10) / 10 }),
    rejected: progress.rejected,
    rejectedFile,
    reasons: reasons.map(([reason, count]) => ({ reason, count })),
  };
  const duration = isDryRun ? '' : ` in ${formatDuration(Math.round(seconds))}`;
  const rejectedNow = reasons.reduce((sum, [, count]) => sum + count, 0);
  const ofThisRun =
    rejectedNow < progress.rejected
      ? `, ${formatCount(rejectedNow)} of them by this run${rejectedNow > 0 ? ':' : ''}`
      : '';
  const counts = isDryRun
    ? [`Valid: ${formatCount(written)}. Nothing was written.`]
    : [
        `Written: ${formatCount(written)}${canUpdate && created + updated > 0 ? ` (${formatCount(created)} created, ${formatCount(updated)} updated by this run)` : ''}`,
      ];
  const lines = [
    `Read: ${formatRecords(read)}${read > readNow ? `, ${formatCount(readNow)} of them by this run` : ''}${duration}`,
    ...counts,
    `Rejected: ${formatCount(progress.rejected)}${ofThisRun}`,
    ...reasons.slice(0, SHOWN_REASONS).map(([reason, count]) => `  ${formatCount(count)} × ${reason}`),
    ...(reasons.length > SHOWN_REASONS ? [`  and ${reasons.length - SHOWN_REASONS} other reasons`] : []),
    ...(rejectedFile === null ? [] : [`Rejected records: ${rejectedFile}. Correct them, and import that file.`]),
  ];
  await print(command, json, lines.join('\n'));
  if (command.strict && progress.rejected > 0) process.exitCode = 1;
}
