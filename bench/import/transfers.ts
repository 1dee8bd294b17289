import { join } from 'node:path';
import type { ShowProgress } from '../report/progress.ts';
import { type CommandRun, runCommand } from './command.ts';
import { copyEvents } from './copy-events.ts';
import { checkCount, createRoundWorkspace, deleteEvents, type ImportDatabase } from './database.ts';
import type { GeneratedFiles } from './files.ts';
import type { ImportSizes } from './options.ts';

/** Imports and exports of files by the command line, in one round. */
export interface TransferRound {
  users: CommandRun;
  /** The same users again, all known. */
  usersAgain: CommandRun;
  events: CommandRun;
  /** Seconds of `COPY` of the same events. */
  copySeconds: number;
  exported: CommandRun;
}

/** What the rounds of files have in common. */
export interface TransferSetting {
  database: ImportDatabase;
  files: GeneratedFiles;
  sizes: ImportSizes;
  /** Temporary folder in which this process and the server of the database can write. */
  directory: string;
  showProgress: ShowProgress;
}

/**
 * Imports users and events, copies the same events, and exports the users, each round into a workspace of its own. PostgreSQL has no
 * statistics in the first round, and in later ones those of the workspaces of earlier rounds.
 */
export async function measureTransfers(setting: TransferSetting): Promise<TransferRound[]> {
  const rounds: TransferRound[] = [];
  for (let round = 1; round <= setting.sizes.rounds; round += 1) {
    if (round > 1) await setting.database.client.query('VACUUM ANALYZE');
    rounds.push(await measureRound(setting, round));
  }
  await setting.database.client.query('VACUUM ANALYZE');
  return rounds;
}

async function measureRound(setting: TransferSetting, round: number): Promise<TransferRound> {
  const { database, files, sizes, directory, showProgress } = setting;
  const workspaceId = await createRoundWorkspace(database.url, round);
  const run = async (name: string, args: readonly string[]) => {
    showProgress(`Round ${round} of ${sizes.rounds}: ${name}`);
    return runCommand(database.url, [...args, '--workspace', workspaceId, '--json']);
  };
  const users = await run('importing users', ['import', 'users', files.users]);
  await checkCount(database, 'users', workspaceId, sizes.users);
  const exported = await run('exporting users', ['export', 'users', join(directory, 'exported.ndjson'), '--force']);
  const usersAgain = await run('importing known users', ['import', 'users', files.users, '--again']);
  await deleteEvents(database.client);
  const events = await run('importing events', ['import', 'events', files.events]);
  await checkCount(database, 'events', workspaceId, sizes.events);
  showProgress(`Round ${round} of ${sizes.rounds}: copying events`);
  const copySeconds = await copyEvents(database.client, directory);
  return { users, usersAgain, events, copySeconds, exported };
}
