import { setImmediate } from 'node:timers/promises';
import type { Database, WriteDb } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { type Failure, isFailure, type Outcome } from '../shared/bulk.ts';
import { ForbiddenError, ValidationError, type ValidationIssue } from '../shared/errors.ts';
import { validationIssues } from '../shared/validation.ts';
import type { ImportKind } from './fields.ts';
import { ImportFileError, type ParsedRecord, type RawRecord } from './formats/record.ts';
import { actorOf, advanceJob, type TransferJob } from './jobs.ts';
import { isImportKind, type RecordWriter, type Written, writers } from './kinds.ts';
import type { ImportFile } from './open.ts';
import type { Pace } from './pace.ts';

/** Records in a chunk: more gain less than 5 %, fewer cost more for each. */
export const CHUNK_RECORDS = 1000;

/** Characters in a chunk, which bound its memory. */
const CHUNK_LENGTH = 2 * 1024 * 1024;

/** Receives the rejected records of an import, as lines of NDJSON. */
export interface RejectSink {
  /**
   * Stores lines in the transaction that writes the other records of the chunk, or outside of it before it commits. May be
   * called again with the same offset, if the transaction is repeated or was not committed.
   * @param offset number of bytes of the lines before.
   */
  write(tx: WriteDb, lines: Buffer, offset: number): Promise<void>;
}

/** The position and the results of an import. */
export interface ImportProgress {
  /** Size of what was read of the source. */
  bytesRead: number;
  recordsRead: number;
  written: number;
  rejected: number;
  /** Number of users or lists that this run has created. */
  created: number;
  /** Number of those that it has updated. */
  updated: number;
  /** How many records this run has rejected, by the code and the path of the first issue and its message. */
  reasons: ReadonlyMap<string, number>;
}

/** What an import needs besides its job. */
export interface ImportRun {
  file: ImportFile;
  rejects: RejectSink;
  pace: Pace;
  /** Stops the import after the chunk that is being written. */
  signal?: AbortSignal;
  onProgress?(progress: ImportProgress): void;
}

/** A record with its validated input, or why it is rejected. */
interface CheckedRecord {
  record: ParsedRecord;
  input: Outcome<object>;
}

/** Some records that are written together. */
interface Chunk {
  records: CheckedRecord[];
  /** Position in the source after them. */
  bytesRead: number;
}

/**
 * Imports a file from the position of its job, which the process must have taken. Each chunk is written in the transaction that
 * advances the job, so that an interrupted import can be continued with another call, which neither repeats nor omits records.
 * While a chunk is being written, the next one is read and validated.
 * @returns the position. The caller ends the job, unless `signal` has stopped the import.
 * @throws {ImportFileError} if the file ends early or is damaged, or has fewer records than the job has read.
 * @throws {JobTakenError} if another process has taken the job, or it was canceled.
 * @throws {ForbiddenError} if the actor of the job lacks the scope.
 */
export async function runImport(
  db: Database,
  job: TransferJob,
  owner: string,
  { file, rejects, pace, signal, onProgress }: ImportRun,
): Promise<ImportProgress> {
  const writer = writerOfJob(job);
  const state = new ImportState(job);
  const chunks = readChunks(file, writer, { skip: job.recordsRead, size: () => pace.chunk, signal });
  try {
    let next = chunks.next();
    // Its error is thrown when it is awaited, after the chunk before was written.
    next.catch(() => {});
    for (let chunk = await next; !chunk.done && !signal?.aborted; chunk = await next) {
      const startedAt = performance.now();
      const begun = Promise.withResolvers<void>();
      const writing = writeChunk(db, job, owner, {
        writer,
        chunk: chunk.value,
        state,
        rejects,
        onBegun: begun.resolve,
      });
      // While PostgreSQL writes. Earlier, the validation would delay the statement.
      next = Promise.race([begun.promise, writing]).then(() => chunks.next());
      next.catch(() => {});
      await writing;
      onProgress?.(state.progress);
      await pace.wait(performance.now() - startedAt, chunk.value.records.length, signal);
    }
  } finally {
    await chunks.return(undefined).catch(() => {});
  }
  return state.progress;
}

function writerOfJob({ kind, scopes }: TransferJob): RecordWriter {
  if (!isImportKind(kind)) throw new Error(`${kind} is not an import.`);
  const writer = writers[kind];
  if (!scopes.includes(writer.scope)) throw new ForbiddenError('The import', writer.scope);
  return writer;
}

/**
 * Validates a whole file without writing anything. Users who are created by another file do not exist, and their events are
 * rejected.
 */
export async function checkImport(
  db: Database,
  kind: ImportKind,
  workspaceId: string,
  { file, rejects, onProgress, signal }: Pick<ImportRun, 'file' | 'rejects' | 'onProgress' | 'signal'>,
): Promise<ImportProgress> {
  const writer = writers[kind];
  const state = new ImportState({ bytesRead: 0, recordsRead: 0, written: 0, rejected: 0, rejectedBytes: 0 });
  for await (const chunk of readChunks(file, writer, { skip: 0, size: () => CHUNK_RECORDS, signal })) {
    if (signal?.aborted) break;
    const outcomes = await mergeOutcomes(chunk, (inputs) => writer.check(db, workspaceId, inputs));
    const step = state.stepOf(chunk, outcomes);
    if (step.lines.length > 0) await rejects.write(db, step.lines, state.rejectedBytes);
    state.add(chunk, outcomes, step);
    onProgress?.(state.progress);
  }
  return state.progress;
}

interface ChunkWrite {
  writer: RecordWriter;
  chunk: Chunk;
  state: ImportState;
  rejects: RejectSink;
  /** Called when the transaction has begun. */
  onBegun(): void;
}

async function writeChunk(
  db: Database,
  job: TransferJob,
  owner: string,
  { writer, chunk, state, rejects, onBegun }: ChunkWrite,
): Promise<void> {
  const actor = actorOf(job);
  const { outcomes, step } = await inTransaction(db, async (tx) => {
    await usePlansOfGrowingTables(tx);
    onBegun();
    const written = await mergeOutcomes(chunk, (inputs) => writer.write(tx, actor, inputs));
    const rejected = state.stepOf(chunk, written);
    await advanceJob(tx, job, owner, {
      records: chunk.records.length,
      bytes: Math.max(0, chunk.bytesRead - state.progress.bytesRead),
      written: rejected.written,
      rejected: rejected.reasons.length,
      rejectedBytes: rejected.lines.length,
    });
    // Only now that the job is locked: a former owner must not write to the same place.
    if (rejected.lines.length > 0) await rejects.write(tx, rejected.lines, state.rejectedBytes);
    return { outcomes: written, step: rejected };
  });
  state.add(chunk, outcomes, step);
}

/**
 * Lets PostgreSQL plan statements for a workspace that its statistics do not know, in tables that grow. It would expect one user in the
 * workspace, and read all of them for each chunk; a generic plan expects as many as other workspaces have. And it would keep the
 * plans of the first chunk, which read whole tables, because these were empty.
 */
async function usePlansOfGrowingTables(tx: WriteDb): Promise<void> {
  await tx.execute`/* useGenericPlans */ SET LOCAL plan_cache_mode = force_generic_plan`;
  await tx.execute`/* discardPlans */ DISCARD PLANS`;
}

/** Writes the valid records of a chunk. @returns an outcome for each record, in order. */
async function mergeOutcomes(
  { records }: Chunk,
  write: (inputs: readonly object[]) => Promise<Outcome<Written>[]>,
): Promise<Outcome<Written>[]> {
  const inputs = records.flatMap(({ input }) => (isFailure(input) ? [] : [input]));
  const written = inputs.length > 0 ? await write(inputs) : [];
  let place = 0;
  return records.map(({ input }): Outcome<Written> => {
    if (isFailure(input)) return input;
    const outcome = written[place];
    place += 1;
    if (!outcome) throw new Error('A record has no outcome.');
    return outcome;
  });
}

/** What a chunk adds to the counts of an import. */
interface Step {
  written: number;
  /** The rejected records as lines of NDJSON, and the reason of each. */
  lines: Buffer;
  reasons: string[];
}

class ImportState {
  readonly #progress;
  readonly #reasons = new Map<string, number>();
  rejectedBytes: number;

  constructor(start: Pick<TransferJob, 'bytesRead' | 'recordsRead' | 'written' | 'rejected' | 'rejectedBytes'>) {
    const { bytesRead, recordsRead, written, rejected, rejectedBytes } = start;
    this.#progress = { bytesRead, recordsRead, written, rejected, created: 0, updated: 0 };
    this.rejectedBytes = rejectedBytes;
  }

  get progress(): ImportProgress {
    return { ...this.#progress, reasons: this.#reasons };
  }

  stepOf({ records }: Chunk, outcomes: readonly Outcome<Written>[]): Step {
    const rejected = records.flatMap(({ record }, place) => {
      const outcome = outcomes[place];
      // A record that was written by an earlier import, and whose result was deleted since, is not rejected.
      return isFailure(outcome) && !outcome.isReplayed ? [{ record, errors: errorsOf(outcome) }] : [];
    });
    const lines = rejected.map(
      ({ record, errors }) => `${JSON.stringify({ line: record.line, errors, ...record.original() })}\n`,
    );
    return {
      written: records.length - rejected.length,
      lines: Buffer.from(lines.join('')),
      reasons: rejected.map(({ errors: [first] }) => (first ? reasonOf(first) : 'rejected')),
    };
  }

  add({ records, bytesRead }: Chunk, outcomes: readonly Outcome<Written>[], step: Step): void {
    const progress = this.#progress;
    progress.recordsRead += records.length;
    progress.bytesRead = Math.max(progress.bytesRead, bytesRead);
    progress.written += step.written;
    progress.rejected += step.reasons.length;
    this.rejectedBytes += step.lines.length;
    for (const outcome of outcomes) {
      if (isFailure(outcome)) continue;
      if (outcome.isCreated) progress.created += 1;
      else progress.updated += 1;
    }
    for (const reason of step.reasons) {
      if (this.#reasons.has(reason) || this.#reasons.size < MAX_REASONS) {
        this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
      }
    }
  }
}

/** Different reasons that are counted: messages can contain values. */
const MAX_REASONS = 1000;

const errorsOf = ({ error }: Failure): ValidationIssue[] =>
  error instanceof ValidationError ? error.issues : [{ path: [], code: error.code, message: error.message }];

/** `email: must be an e-mail address`; numbers at the end of messages differ between records. */
const reasonOf = ({ path, message }: ValidationIssue): string =>
  `${path.length > 0 ? `${path.join('.')}: ` : ''}${message.replace(/; got .*$/, '')}`;

interface ReadOptions {
  /** Number of records that were imported before. */
  skip: number;
  /** Maximum number of records in the next chunk. */
  size(): number;
  /** Ends the chunks. */
  signal?: AbortSignal | undefined;
}

/**
 * Records that are validated in one turn of the event loop: 2 to 5 ms. Otherwise, the statements of the chunk before would wait for
 * all records of this one, and so would the requests of a gateway.
 */
const SLICE_RECORDS = 50;

/** Reads and validates a file in chunks. */
async function* readChunks(
  file: ImportFile,
  { schema }: RecordWriter,
  { skip, size, signal }: ReadOptions,
): AsyncGenerator<Chunk, void, undefined> {
  const toChunk = async (raws: readonly RawRecord[]): Promise<Chunk> => {
    const bytesRead = file.bytesRead();
    const records: CheckedRecord[] = [];
    for (let start = 0; start < raws.length; start += SLICE_RECORDS) {
      await setImmediate();
      const parsed = file.parse(raws.slice(start, start + SLICE_RECORDS));
      for (const record of parsed) records.push({ record, input: validateRecord(schema, record) });
    }
    return { records, bytesRead };
  };
  let toSkip = skip;
  let pending: RawRecord[] = [];
  let length = 0;
  try {
    for await (const batch of file.records()) {
      const skipped = Math.min(toSkip, batch.length);
      toSkip -= skipped;
      if (signal?.aborted) return;
      for (const raw of skipped > 0 ? batch.slice(skipped) : batch) {
        pending.push(raw);
        length += raw.text.length;
        if (pending.length < size() && length < CHUNK_LENGTH) continue;
        yield await toChunk(pending);
        pending = [];
        length = 0;
      }
    }
  } catch (error) {
    // What precedes the damage is imported.
    if (error instanceof ImportFileError && pending.length > 0) yield await toChunk(pending);
    throw error;
  }
  if (toSkip > 0)
    throw new ImportFileError(`The file has fewer records than were imported: ${skip - toSkip} of ${skip}.`);
  if (pending.length > 0) yield await toChunk(pending);
}

/** Validates a record. @returns the validated input, or all its issues. */
function validateRecord(schema: RecordWriter['schema'], { input, issues }: ParsedRecord): Outcome<object> {
  const isBroken = issues.some(({ path }) => path.length === 0);
  if (isBroken) return { error: new ValidationError([...issues]) };
  const parsed = schema.safeParse(input);
  const found = parsed.success ? [] : validationIssues(parsed.error.issues);
  // A field that could not be converted is missing from the input.
  const converted = new Set(issues.map(({ path }) => path.join('.')));
  const others = found.filter(({ path }) => !converted.has(path.join('.')));
  if (issues.length > 0 || !parsed.success) return { error: new ValidationError([...issues, ...others]) };
  return parsed.data as object;
}
