import { type Command, Option } from 'commander';
import type { DatabaseClient } from '../db/client.ts';
import { type ExportProgress, exportRecords } from '../domain/transfer/export.ts';
import type { ExportType } from '../domain/transfer/export-fields.ts';
import { type ExportFormat, exportFormats } from '../domain/transfer/export-formats.ts';
import { workspaceId } from '../domain/workspaces/workspaces.ts';
import { type ActorOptions, findActor } from './actor.ts';
import { publicKey, rowId, schemaParser } from './arguments.ts';
import type { CommandOptions, WithDatabase } from './database.ts';
import { openTarget, STANDARD_OUTPUT } from './export-target.ts';
import { CliError, jsonOption, type OutputOptions, print } from './output.ts';
import { formatCount, formatDuration, openProgress, type ShownProgress } from './progress.ts';
import { readUserFilter } from './user-filter.ts';

/** Waits longer than a gateway does: nobody waits for the answer. */
const WORK: CommandOptions = { statementMs: 60_000, lockMs: 30_000 };

/** The options of `export`; the last two are those of `export users`. */
interface ExportCommandOptions extends OutputOptions, ActorOptions {
  format?: ExportFormat;
  force?: boolean;
  where?: string;
  segment?: string;
}

const types: readonly [type: ExportType, description: string, example: string][] = [
  ['users', 'exports users with their attributes, devices and list memberships', 'users.csv'],
  ['events', 'exports events', 'events.ndjson.gz'],
  ['lists', 'exports lists', 'lists.ndjson'],
];

/** Adds `export users [FILE]`, `export events [FILE]` and `export lists [FILE]`. */
export function addExportCommands(exports: Command, withDatabase: WithDatabase): void {
  exports.addHelpText('after', `\nExamples:${types.map(([type, , file]) => exampleOf(type, file)).join('')}`);
  for (const [type, description, file] of types) {
    const command = exports
      .command(type)
      .description(`${description}, as CSV or NDJSON, compressed if the name of the file ends in .gz`)
      .argument('[FILE]', 'the file to write; - for standard output', STANDARD_OUTPUT)
      .addHelpText('after', `\nExample:${exampleOf(type, file)}`);
    addExportOptions(command, type).action((path: string, options: ExportCommandOptions) =>
      withDatabase((db) => exportFile(db, type, path, options), WORK),
    );
  }
}

const exampleOf = (type: ExportType, file: string) =>
  `\n  npm run cli -- export ${type} ${file} --workspace 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44`;

function addExportOptions(command: Command, type: ExportType): Command {
  command
    .addOption(new Option('--workspace <ID>', 'the workspace').argParser(schemaParser(workspaceId)))
    .addOption(new Option('--key <PUBLIC_KEY>', 'the workspace of this key').argParser(schemaParser(publicKey)))
    .addOption(
      new Option('--format <FORMAT>', 'the format; that of the name of the file by default').choices(exportFormats),
    )
    .option('--force', 'replaces the file if it exists')
    .option(...jsonOption);
  if (type !== 'users') return command;
  return command
    .option('--where <FILTER>', 'exports only users who match the filter of this file, a UserFilter as JSON')
    .addOption(new Option('--segment <ID>', 'exports only the members of this segment').argParser(schemaParser(rowId)));
}

async function exportFile(
  db: DatabaseClient,
  type: ExportType,
  path: string,
  options: ExportCommandOptions,
): Promise<void> {
  const where = options.where === undefined ? undefined : await readUserFilter(options.where);
  const { workspaceId } = await findActor(db, options);
  const target = await openTarget(path, { format: options.format, force: options.force ?? false });
  const progress = reportExport(options.json ?? false);
  const signal = abortOnSignals();
  const startedAt = performance.now();
  let records = 0;
  try {
    const bytes = exportRecords(db, workspaceId, {
      type,
      format: target.format,
      where,
      segmentId: options.segment?.toLowerCase(),
      signal,
      onProgress(reached) {
        records = reached.written;
        progress.show(reached);
      },
    });
    await target.write(bytes);
  } finally {
    progress.end();
  }
  await printSummary({ type, path, records, seconds: (performance.now() - startedAt) / 1000 }, options);
}

/** Aborts the export at the first SIGINT or SIGTERM; the second one ends the process. */
function abortOnSignals(): AbortSignal {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort(new CliError('Interrupted.'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  return interruption.signal;
}

/** Shows the progress of an export: of the snapshot first, then of the file. */
function reportExport(json: boolean) {
  const shown = openProgress(json);
  let start = { at: performance.now(), written: 0 };
  const describe = ({ copied, isComplete, written }: ExportProgress): ShownProgress => {
    const done = isComplete ? written : copied;
    const seconds = Math.max((performance.now() - start.at) / 1000, 0.001);
    const perSecond = Math.round((done - start.written) / seconds);
    return {
      parts: [`${formatCount(done)} records ${isComplete ? 'written' : 'copied'}`, `${formatCount(perSecond)}/s`],
      share: isComplete && copied > 0 ? written / copied : undefined,
      secondsLeft: isComplete && perSecond > 0 ? Math.round((copied - written) / perSecond) : undefined,
      json: { copied, written, perSecond },
    };
  };
  return {
    show(progress: ExportProgress): void {
      // Not from the snapshot on: CSV first reads all of it.
      if (progress.written > 0 && start.written === 0) start = { at: performance.now(), written: progress.written };
      shown.show(() => describe(progress));
    },
    end: shown.end,
  };
}

interface Summary {
  type: ExportType;
  path: string;
  records: number;
  seconds: number;
}

/** Prints the summary, to standard error if standard output has the records. */
async function printSummary({ type, path, records, seconds }: Summary, options: OutputOptions): Promise<void> {
  const perSecond = Math.round(records / Math.max(seconds, 0.001));
  const json = { type, file: path, records, seconds: Math.round(seconds * 10) / 10, perSecond };
  const text = `Exported ${formatCount(records)} ${type} in ${formatDuration(Math.round(seconds))} to ${path === STANDARD_OUTPUT ? 'standard output' : path}.`;
  if (path === STANDARD_OUTPUT) process.stderr.write(`${options.json ? JSON.stringify(json) : text}\n`);
  else await print(options, json, text);
}
