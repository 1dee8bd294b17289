import type { Client } from 'pg';
import { type DatabaseClient, DEFAULT_TIMEOUTS, openDatabase } from '../../src/db/client.ts';
import { migrate } from '../../src/db/migrations/migrate.ts';
import { advanceBackfill } from '../../src/domain/segments/backfill.ts';
import { createSegment } from '../../src/domain/segments/define.ts';
import { WorkspaceSegments } from '../../src/domain/segments/workspace-segments.ts';
import { type Actor, COMMAND_LINE } from '../../src/domain/shared/actor.ts';
import { FILL_END, firstIdOf } from '../database/ids.ts';
import { connect } from '../database/open.ts';
import { prepareWorkspace } from '../database/prepare.ts';
import { truncate } from '../database/truncate.ts';
import { prepareFilterDatabase } from '../filters/database.ts';
import type { ShowProgress } from '../report/progress.ts';
import { type BenchSegment, TIER } from './filters.ts';

const DAY_MS = 86_400_000;

/** A lock or a statement of the preparation takes longer than one of a request. */
const PATIENT = { ...DEFAULT_TIMEOUTS, statementMs: 600_000, lockMs: 600_000 };

/** The name of the workspace that has to stay current during a burst in the other one, and the key for it. */
const OTHER_WORKSPACE = 'other';
export const otherCredentials = { publicKey: 'pk_bench_other', secret: 'sk_bench_other' };

/** The database of a run, filled and without segments. */
export interface SegmentDatabase {
  url: string;
  /** For the domain, in this process. */
  db: DatabaseClient;
  /** For the statements of the benchmark. */
  client: Client;
  workspaceId: string;
  otherWorkspaceId: string;
  /** How much older than now the newest event of the fill is. */
  ageDays: number;
}

/** Opens the database; fills it unless an earlier run has, and undoes the writes of that run. */
export async function prepareSegmentDatabase(
  url: string,
  users: number,
  stack: AsyncDisposableStack,
  showProgress: ShowProgress,
): Promise<SegmentDatabase> {
  await migrate({ connectionString: url });
  const client = stack.use(await connect({ connectionString: url }));
  showProgress('Undoing the writes of an earlier run');
  await restoreRows(client);
  const workspaceId = await prepareFilterDatabase(url, users, showProgress);
  const otherWorkspaceId = await prepareWorkspace(url, OTHER_WORKSPACE, otherCredentials);
  await restoreRows(client);
  const db = stack.adopt(openDatabase({ connectionString: url }, { poolSize: 2, timeouts: PATIENT }), (opened) =>
    opened.$disconnect(),
  );
  const ageDays = Math.floor((Date.now() - FILL_END) / DAY_MS);
  return { url, db, client, workspaceId, otherWorkspaceId, ageDays };
}

/** Undoes what a run has written. The attributes of the fill that it has replaced stay as they are: their distribution is the same. */
async function restoreRows(client: Client): Promise<void> {
  await deleteSegments(client);
  const added = [firstIdOf(FILL_END)];
  await client.query('DELETE FROM events WHERE id >= $1', added);
  await client.query('DELETE FROM users WHERE id >= $1', added);
  await truncate(client, 'user_deletions');
  await client.query('UPDATE users SET meta = meta - $1 WHERE meta ? $1', [TIER]);
}

/** Deletes all segments, and the log of changes. */
export async function deleteSegments(client: Client): Promise<void> {
  const ofSegments = ['segments', 'segment_definitions', 'segment_memberships', 'segment_due', 'segment_suppressions'];
  await truncate(client, ...ofSegments, 'change_consumers', 'segment_workers', 'changes');
}

/** Creates segments. @returns their ids by name. */
export async function createSegments(
  db: DatabaseClient,
  workspaceId: string,
  segments: readonly BenchSegment[],
): Promise<Map<string, string>> {
  const actor: Actor = { workspaceId, actorName: COMMAND_LINE, scopes: new Set() };
  const ids = new Map<string, string>();
  for (const segment of segments) ids.set(segment.name, (await createSegment(db, actor, segment)).id);
  return ids;
}

/**
 * Computes the members of new segments.
 * @param onStep receives the number of users so far; false ends it early. @returns the number of users.
 */
export async function backfill(
  db: DatabaseClient,
  workspaceId: string,
  onStep: (users: number) => boolean = () => true,
): Promise<number> {
  const segments = new WorkspaceSegments(workspaceId);
  let users = 0;
  for (;;) {
    const step = await advanceBackfill(db, segments);
    // Undefined: another step came first. There is none: the segments have changed.
    if (step === null) return users;
    users += step?.users ?? 0;
    if (!onStep(users)) return users;
  }
}
