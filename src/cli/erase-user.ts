import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { DatabaseClient } from '../db/client.ts';
import { deleteUser } from '../domain/users/delete.ts';
import { eraseCompletely, requestErasure } from '../domain/users/erasure.ts';
import type { ErasedRows } from '../domain/users/erasure-stages.ts';
import { COUNT_CAP, countPersonalData, type PersonalDataCounts } from '../domain/users/personal-data.ts';
import { commandLineIn } from './actor.ts';
import { findUser, findWorkspace, rowId, userArgument, workspaceOption } from './arguments.ts';
import type { WithDatabase } from './database.ts';
import { CliError, formatColumns, jsonOption, type OutputOptions, print } from './output.ts';

interface EraseOptions extends OutputOptions {
  workspace: string;
  yes?: boolean;
}

/** Rows between two lines of progress. */
const PROGRESS_ROWS = 50_000;

/** A step may read the index entries of many deleted rows, and waits for gateways that are erasing the same user. */
const TIMEOUTS = { statementMs: 300_000, lockMs: 60_000 };

/** Adds `erase user UID`, with `--workspace ID` and `--yes`. */
export function addEraseUser(erase: Command, withDatabase: WithDatabase): void {
  const command = 'npm run cli -- erase user u1144 --workspace 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44';
  erase
    .command('user')
    .description(
      'deletes a user and erases all personal data of the user, also of one who is already deleted (by id); without --yes, only counts what would be erased',
    )
    .addArgument(userArgument())
    .addOption(workspaceOption('workspace of the user'))
    .option('--yes', 'erase; this cannot be undone')
    .option(...jsonOption)
    .addHelpText('after', `\nExamples:\n  ${command}\n  ${command} --yes`)
    .action((uid: string, options: EraseOptions) => withDatabase((db) => run(db, uid, options), TIMEOUTS));
}

/** The user to erase. */
interface Subject {
  workspaceId: string;
  userId: string;
  /** Undefined if the user is already deleted. */
  uid: string | undefined;
}

async function run(db: DatabaseClient, text: string, options: EraseOptions): Promise<void> {
  const { id: workspaceId } = await findWorkspace(db, options.workspace);
  const person = await findUser(db, workspaceId, text);
  const userId = person?.id ?? rowId.safeParse(text).data;
  if (userId === undefined) throw noUser(text);
  const counts = await countPersonalData(db, workspaceId, userId);
  if (!person && counts.changes === 0 && counts.events === 0) throw noUser(text);
  const subject = { workspaceId, userId, uid: person?.uid };
  if (!options.yes) {
    await print(options, { ...subject, counts, isErased: false }, formatCounts(subject, counts));
    throw new CliError('Nothing was erased. To erase the user, add --yes.');
  }
  if (!options.json) await print(options, counts, formatCounts(subject, counts));
  const erased = await erase(db, subject);
  const rows = `${erased.erasedEvents} events and ${erased.erasedKeys} idempotency keys, and personal data from ${erased.erasedChanges} audit entries`;
  const summary = erased.isCompletedByGateway
    ? `A gateway has completed the erasure, after ${rows}.`
    : `Erased ${rows}.`;
  await print(options, { ...subject, counts, ...erased, isErased: true }, `${summary} The user's id was ${userId}.`);
}

const noUser = (text: string) =>
  new CliError(`The workspace has no user ${text}, and no audit entries about a user with this id.`);

/** Deletes the user, unless that is done, and erases what is left, beside the gateways. */
async function erase(
  db: DatabaseClient,
  { workspaceId, userId, uid }: Subject,
): Promise<ErasedRows & { isCompletedByGateway: boolean }> {
  if (uid === undefined) {
    const isPending = await requestErasure(db, workspaceId, userId);
    if (!isPending) throw noUser(userId);
  } else await deleteUser(db, commandLineIn(workspaceId), uid);
  process.stderr.write(
    `Erasing the user ${userId}. If this is interrupted, a gateway continues; or run the command again with this id.\n`,
  );
  let erased: ErasedRows = { erasedEvents: 0, erasedChanges: 0, erasedKeys: 0 };
  let isCompletedByGateway = true;
  let reported = 0;
  let startedAt = performance.now();
  await eraseCompletely(db, workspaceId, userId, async ({ isComplete, erasedEvents, erasedChanges, erasedKeys }) => {
    erased = { erasedEvents, erasedChanges, erasedKeys };
    isCompletedByGateway = !isComplete;
    if (isComplete) return;
    if (erasedEvents + erasedChanges - reported >= PROGRESS_ROWS) {
      reported = erasedEvents + erasedChanges;
      process.stderr.write(`${erasedEvents} events and ${erasedChanges} audit entries so far.\n`);
    }
    // As long as the step, so that the gateways keep half of the database's time.
    await delay(performance.now() - startedAt);
    startedAt = performance.now();
  });
  return { ...erased, isCompletedByGateway };
}

function formatCounts({ userId, uid }: Subject, counts: PersonalDataCounts): string {
  const capped = (count: number) => (count === COUNT_CAP ? `${count} or more` : String(count));
  const rows = Object.entries(counts).map(([name, count]) => [name, capped(count)]);
  const title = uid === undefined ? `${userId} (already deleted)` : `${uid} (${userId})`;
  return `${title}\n\n${formatColumns(['DATA', 'ROWS'], rows)}\n`;
}
