import type { Database } from '../../db/client.ts';
import { arrayParameter } from '../../db/sql.ts';
import { type Change, changesAfter } from '../changes/feed.ts';
import { SEGMENTS } from '../shared/actor.ts';
import { needsOf, readUserFacts } from '../users/filter/facts.ts';
import {
  addEvaluations,
  type Effect,
  type Evaluations,
  evaluateUser,
  isComputedFor,
  postponeUser,
} from './evaluate.ts';
import { type Plan, TIME } from './plan.ts';
import { readStored, writeStep } from './stored.ts';
import { deriveSuppressions } from './suppress.ts';
import type { WorkspaceSegments } from './workspace-segments.ts';

/**
 * Maximum number of changes, and of due instants, in one step. A step takes up to 100 ms, during which other workspaces
 * wait.
 */
const STEP_SIZE = 500;

/** Users evaluated between two yields to the event loop. */
const USERS_PER_YIELD = 20;

/** Result of a step. */
export interface StepResult {
  /** Number of changes consumed. */
  changes: number;
  /** Number of due instants processed. */
  dues: number;
  /** Number of evaluations of a definition for a user. */
  evaluations: number;
  entered: number;
  exited: number;
  /** Number of users whose evaluation was postponed, because their events could not be read in time. */
  postponed: number;
  /** Time of the oldest change or due instant, in ms since 1970; undefined if there was none. */
  oldestAt: number | undefined;
  /** Whether there are more changes or instants. */
  hasMore: boolean;
}

interface StepOptions {
  /** Step size as a fraction of the default. */
  part?: number;
  /** Maximum number of changes, and of due instants. */
  stepSize?: number | undefined;
  /** The time of the evaluation; the database's clock by default. */
  now?: Date | undefined;
}

/**
 * Consumes the next changes and due instants of a workspace: evaluates the affected definitions for the affected users,
 * and writes the differences.
 * @returns undefined if nothing was written because another process wrote a step or a definition changed.
 */
export async function consumeChanges(
  db: Database,
  segments: WorkspaceSegments,
  { part = 1, stepSize = Math.ceil(STEP_SIZE * part), now: fixedNow }: StepOptions = {},
): Promise<StepResult | undefined> {
  const { workspaceId } = segments;
  const current = await segments.readPosition(db);
  if (!current) return undefined;
  const { plan } = current;
  // Entries and exits need no evaluation: the step that wrote them has already evaluated the dependent segments.
  const { changes, snapshot, hasMore } = await changesAfter(db, workspaceId, current.position.snapshot, stepSize, {
    except: SEGMENTS,
  });
  await deriveSuppressions(db, workspaceId, changes);
  const dues = await readDues(db, workspaceId, stepSize, fixedNow);
  const users = [...collectEvaluations(plan, changes, dues)];
  const effects: Effect[] = [];
  let { position } = current;
  let evaluations = 0;
  let postponed = 0;
  const deletedUsers = new Set<string>();
  // A transaction can contain more changes than one step should evaluate. Only the last part advances the snapshot, so
  // that a failure repeats all parts.
  const partSize = 2 * stepSize;
  for (let from = 0; from === 0 || from < users.length; from += partSize) {
    const ofPart = new Map(users.slice(from, from + partSize));
    const state = await readState(db, workspaceId, plan, ofPart, fixedNow);
    const effectsOfPart = await evaluateUsers(plan, ofPart, state);
    const isLast = from + partSize >= users.length;
    const writes = { position, now: state.now, effects: effectsOfPart, ...(isLast ? { snapshot } : {}) };
    if (!(await writeStep(db, workspaceId, writes))) return undefined;
    segments.stepped();
    position = { ...position, version: String(BigInt(position.version) + 1n) };
    effects.push(...effectsOfPart);
    for (const ofUser of ofPart.values()) evaluations += ofUser.size;
    postponed += state.timedOut.size;
    for (const id of ofPart.keys()) if (!state.facts.has(id) && !state.timedOut.has(id)) deletedUsers.add(id);
  }
  await deleteOrphanedDues(
    db,
    workspaceId,
    dues,
    (due) => deletedUsers.has(due.userId) || !plan.byId.has(due.definitionId),
  );
  const instants = [...changes.map(({ at }) => Date.parse(at)), ...dues.map(({ due }) => due)];
  return {
    changes: changes.length,
    dues: dues.length,
    evaluations,
    entered: effects.filter(({ change }) => change === 'enter').length,
    exited: effects.filter(({ change }) => change === 'exit').length,
    postponed,
    oldestAt: instants.length === 0 ? undefined : Math.min(...instants),
    hasMore: hasMore || dues.length === stepSize,
  };
}

type State = Awaited<ReturnType<typeof readState>>;

async function evaluateUsers(
  plan: Plan,
  users: ReadonlyMap<string, Evaluations>,
  { facts, stored, now, timedOut }: State,
): Promise<Effect[]> {
  const effects: Effect[] = [];
  let place = 0;
  let postponed = 0;
  for (const [userId, evaluations] of users) {
    place += 1;
    if (place % USERS_PER_YIELD === 0) await new Promise(setImmediate);
    if (timedOut.has(userId)) {
      const definitions = [...evaluations.keys()].flatMap((index) => plan.definitions[index] ?? []);
      const computed = definitions.filter((definition) => isComputedFor(definition, userId));
      effects.push(...postponeUser(userId, computed, { stored: stored.get(userId), now, place: postponed }));
      postponed += 1;
    }
    const ofUser = facts.get(userId);
    // A deleted user has no rows.
    if (ofUser) effects.push(...evaluateUser(plan, evaluations, { facts: ofUser, stored: stored.get(userId), now }));
  }
  return effects;
}

/** An instant at which a membership can change without a write. */
interface Due {
  userId: string;
  definitionId: string;
  /** In ms since 1970. */
  due: number;
}

const readDues = (db: Database, workspaceId: string, limit: number, now: Date | undefined) =>
  db.query<Due[]>`/* readDueSegments */
    SELECT user_id AS "userId", definition_id AS "definitionId", (extract(epoch FROM due_at) * 1000)::float8 AS due
    FROM segment_due
    WHERE workspace_id = ${workspaceId}::uuid AND due_at <= coalesce(${now ?? null}::timestamptz, statement_timestamp())
    ORDER BY due_at LIMIT ${limit}::int`;

/**
 * Deletes due instants of definitions that have been replaced or deleted, and those of deleted users: the trigger that
 * deletes them misses rows that its snapshot does not contain, if the user was deleted by a REPEATABLE READ transaction.
 */
async function deleteOrphanedDues(
  db: Database,
  workspaceId: string,
  dues: readonly Due[],
  isOrphaned: (due: Due) => boolean,
): Promise<void> {
  const orphaned = dues.filter(isOrphaned);
  if (orphaned.length === 0) return;
  const definitionIds = [...new Set(orphaned.map(({ definitionId }) => definitionId))];
  await db.execute`/* deleteOrphanedSegmentDues */
    DELETE FROM segment_due
    WHERE workspace_id = ${workspaceId}::uuid AND user_id = ANY(${arrayParameter(
      orphaned.map(({ userId }) => userId),
      'uuid',
    )}) AND definition_id = ANY(${arrayParameter(definitionIds, 'uuid')})`;
}

/** The definitions to evaluate, by user. */
function collectEvaluations(plan: Plan, changes: readonly Change[], dues: readonly Due[]): Map<string, Evaluations> {
  const users = new Map<string, Evaluations>();
  const add = (userId: string, evaluations: Evaluations) => {
    if (evaluations.size > 0) users.set(userId, addEvaluations(users.get(userId), evaluations));
  };
  for (const change of changes) if (change.userId !== null) add(change.userId, plan.affectedBy(change));
  for (const { userId, definitionId } of dues) {
    const index = plan.byId.get(definitionId);
    if (index !== undefined) add(userId, new Map([[index, [TIME]]]));
  }
  return users;
}

/**
 * Reads the data that the evaluation needs. It runs after the changes have been read, so that it sees everything they
 * wrote.
 */
async function readState(
  db: Database,
  workspaceId: string,
  plan: Plan,
  users: ReadonlyMap<string, Evaluations>,
  now: Date | undefined,
) {
  const userIds = [...users.keys()];
  const indexes = plan.withDependents(new Set([...users.values()].flatMap((ofUser) => [...ofUser.keys()])));
  const conditions = indexes.flatMap((index) => plan.definitions[index]?.condition ?? []);
  if (userIds.length === 0) {
    return {
      facts: new Map(),
      stored: new Map(),
      now: (now ?? new Date()).getTime(),
      timedOut: new Set<string>(),
    } as const;
  }
  const [{ users: facts, now: readAt, timedOut }, stored] = [
    await readUserFacts(db, workspaceId, userIds, needsOf(conditions), now ? { now } : {}),
    await readStored(db, workspaceId, userIds),
  ];
  return { facts, stored, now: readAt.getTime(), timedOut };
}
