import { type Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from '../config/values.ts';
import { BUSY } from '../db/advisory-locks.ts';
import type { DatabaseClient } from '../db/client.ts';
import { abandonConversion, partitionEvents } from '../db/partitions/convert.ts';
import {
  analyzePartitions,
  createPartitionsAhead,
  DEFAULT_AHEAD,
  NOT_ANALYZED,
  NOT_PARTITIONED,
  readLockWarning,
} from '../db/partitions/create.ts';
import { partitionsBefore } from '../db/partitions/drop.ts';
import { monthsBefore } from '../db/partitions/months.ts';
import { type Partition, type PartitionState, readPartitionState } from '../db/partitions/state.ts';
import { dropPartitions } from '../domain/events/partitions.ts';
import { schemaParser, time } from './arguments.ts';
import { type CommandOptions, MAINTENANCE_TIMEOUTS, type WithDatabase } from './database.ts';
import {
  CliError,
  examples,
  formatColumns,
  formatSize,
  jsonOption,
  type OutputOptions,
  print,
  shortInstant,
} from './output.ts';

interface CreateOptions extends OutputOptions {
  ahead: number;
}

interface DropOptions extends OutputOptions {
  /** A number of months, or an instant. */
  olderThan: number | Date;
  yes?: boolean;
}

/** Checking the rows of a large table takes minutes. */
const WORK: CommandOptions = { ...MAINTENANCE_TIMEOUTS, sessionFor: 'changes of partitions' };

const MAX_MONTHS = 1_200;
const MAX_AHEAD = 120;

/** `partitions list`, `partitions create`, `partitions abandon` and `partitions drop`. */
export function addPartitionCommands(program: Command, withDatabase: WithDatabase): void {
  const partitions = program
    .command('partitions')
    .description('manages the monthly partitions of events')
    .helpCommand(false)
    .addHelpText('after', examples('partitions', 'list', 'create', 'drop --older-than 24'));

  addList(partitions, withDatabase);
  addCreate(partitions, withDatabase);
  addAbandon(partitions, withDatabase);
  addDrop(partitions, withDatabase);
}

function addList(partitions: Command, withDatabase: WithDatabase): void {
  partitions
    .command('list')
    .description('lists the partitions, oldest first; the numbers of rows are estimates')
    .option(...jsonOption)
    .addHelpText('after', examples('partitions', 'list', 'list --json'))
    .action((options: OutputOptions) => withDatabase((db) => list(db, options)));
}

function addCreate(partitions: Command, withDatabase: WithDatabase): void {
  partitions
    .command('create')
    .description(
      'partitions events if it is not partitioned yet, while gateways use it, and creates missing partitions',
    )
    .option(
      '--ahead <N>',
      'how many months after the current one get a partition',
      schemaParser(wholeNumber(1, MAX_AHEAD)),
      DEFAULT_AHEAD,
    )
    .option(...jsonOption)
    .addHelpText('after', examples('partitions', 'create', 'create --ahead 12'))
    .action((options: CreateOptions) => withDatabase((db) => create(db, options), WORK));
}

function addAbandon(partitions: Command, withDatabase: WithDatabase): void {
  partitions
    .command('abandon')
    .description('removes the check and the table of an interrupted partitioning')
    .option(...jsonOption)
    .addHelpText('after', examples('partitions', 'abandon'))
    .action((options: OutputOptions) => withDatabase((db) => abandon(db, options), WORK));
}

function addDrop(partitions: Command, withDatabase: WithDatabase): void {
  partitions
    .command('drop')
    .description('shows the partitions whose events are all older than some months or a date; with --yes, drops them')
    .requiredOption('--older-than <MONTHS|DATE>', 'a number of months, or a date such as 2026-01-31', parseAge)
    .option('--yes', 'drop them; this cannot be undone')
    .option(...jsonOption)
    .addHelpText('after', examples('partitions', 'drop --older-than 24', 'drop --older-than 2026-01-01 --yes'))
    .action((options: DropOptions) => withDatabase((db) => drop(db, options), WORK));
}

function parseAge(text: string): number | Date {
  const months = wholeNumber(1, MAX_MONTHS).safeParse(text);
  if (months.success) return months.data;
  const date = time.safeParse(text);
  if (date.success) return new Date(date.data);
  throw new InvalidArgumentError(
    `It must be a number of months from 1 to ${MAX_MONTHS}, or an existing date, such as 2026-01-31.`,
  );
}

async function list(db: DatabaseClient, options: OutputOptions): Promise<void> {
  const state = await readPartitionState(db);
  const { partitions = null, hasUnfinishedConversion, detachedTables, unmarkedTables } = state;
  const result = { partitions, hasUnfinishedConversion, detachedTables, unmarkedTables };
  await print(options, result, describeState(state));
}

function describeState(state: PartitionState): string {
  const { partitions, hasUnfinishedConversion, rejectedFrom, detachedTables, unmarkedTables } = state;
  const check = rejectedFrom ? ` Its check rejects events from ${shortInstant(rejectedFrom)} on.` : '';
  const status = partitions
    ? formatPartitions(partitions)
    : hasUnfinishedConversion
      ? `Partitioning of events is running, or was interrupted: if it was, continue with partitions create, or undo it with partitions abandon.${check}`
      : NOT_PARTITIONED;
  return [
    status,
    ...(partitions ?? []).flatMap(({ name, notice }) =>
      notice
        ? `${name} is dropped after ${notice.dropAfter.toISOString()} by EVENT_RETENTION_MONTHS=${notice.retentionMonths}.`
        : [],
    ),
    ...detachedTables.map(
      ({ name }) => `${name} is detached, but not dropped yet; a gateway or partitions drop continues.`,
    ),
    ...unmarkedTables.map((name) => `Rename ${name}: usergraph uses this name, but did not create the table.`),
  ].join('\n');
}

async function abandon(db: DatabaseClient, options: OutputOptions): Promise<void> {
  const { hasUnfinishedConversion } = await readPartitionState(db);
  if (!hasUnfinishedConversion) throw new CliError('There is no interrupted partitioning to abandon.');
  if (!(await abandonConversion(db))) throw new CliError(BUSY);
  const text = 'Removed what the interrupted partitioning has left. events is not partitioned.';
  await print(options, { isAbandoned: true }, text);
}

async function create(db: DatabaseClient, { ahead, ...options }: CreateOptions): Promise<void> {
  const conversion = await partitionEvents(db, { ahead, onProgress: showProgress });
  // A conversion has created them. A job of a gateway may hold the lock for a moment now.
  const created = conversion ? { names: [], isComplete: true } : await createPartitionsAhead(db, ahead);
  if (!created.isComplete) throw new CliError(BUSY);
  const { lacksStatistics } = await readPartitionState(db);
  if (created.names.length > 0 || lacksStatistics) {
    showProgress('analyzing');
    if (!(await analyzePartitions(db))) showProgress(NOT_ANALYZED);
  }
  const warning = await readLockWarning(db);
  if (warning !== undefined) showProgress(warning);
  const { partitions = [] } = await readPartitionState(db);
  const done = conversion
    ? `Partitioned events: ${conversion.name} contains the events until ${shortInstant(conversion.until)}. Statements were locked out for at most ${conversion.lockedMs.toFixed(0)} ms.`
    : created.names.length > 0
      ? `Created ${created.names.join(', ')}.`
      : 'All partitions exist.';
  await print(options, { conversion: conversion ?? null, partitions }, `${done}\n${formatPartitions(partitions)}`);
}

const showProgress = (line: string) => void process.stderr.write(`${line}\n`);

async function drop(db: DatabaseClient, { olderThan, yes = false, ...options }: DropOptions): Promise<void> {
  const { partitions, now, detachedTables } = await readPartitionState(db);
  if (!partitions) throw new CliError(NOT_PARTITIONED);
  const before = olderThan instanceof Date ? olderThan : monthsBefore(now, olderThan);
  if (before > now) throw new CliError(`--older-than must be in the past; got ${shortInstant(before)}.`);
  const oldPartitions = partitionsBefore(partitions, before);
  const hasWork = oldPartitions.length > 0 || detachedTables.length > 0;
  if (yes && hasWork && !(await dropPartitions(db, oldPartitions))) throw new CliError(BUSY);
  const title = yes ? 'Dropped; segments are recomputed:' : 'Would drop (repeat with --yes):';
  const lines = [
    oldPartitions.length === 0
      ? `No partition is older than ${shortInstant(before)}.`
      : `${title}\n${formatPartitions(oldPartitions)}`,
    ...detachedTables.map(
      ({ name }) => `${yes ? 'Dropped' : 'Would drop'} ${name}, which an earlier drop had detached.`,
    ),
  ];
  await print(options, { partitions: oldPartitions, detachedTables, isDropped: yes }, lines.join('\n'));
}

function formatPartitions(partitions: readonly Partition[]): string {
  const rows = partitions.map(({ name, from, to, rows: count, size }) => [
    name,
    from?.toISOString().slice(0, 10) ?? '-',
    to.toISOString().slice(0, 10),
    String(count),
    formatSize(size),
  ]);
  return formatColumns(['NAME', 'FROM', 'UNTIL', 'ROWS', 'SIZE'], rows);
}
