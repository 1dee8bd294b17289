import type { Database, WriteDb } from '../../db/client.ts';
import { unlessTimeout } from '../../db/errors.ts';
import { Prisma } from '../../db/generated/client.ts';
import { readEventNames } from '../events/event.ts';
import { BEFORE_ALL_IDS } from '../shared/ids.ts';
import { needsOf, readUserFacts } from '../users/filter/facts.ts';
import { completeDefinition } from './complete.ts';
import { type Effect, evaluateDefinition, postponeUser } from './evaluate.ts';
import { type Definition, referencesOf } from './plan.ts';
import { movedSql, type Position, readStored, writeStep } from './stored.ts';
import { isSuppressed } from './suppress.ts';
import type { StoredDefinition, WorkspaceSegments } from './workspace-segments.ts';

/** Users evaluated by one step in the database. A step takes about 100 ms, during which live changes wait. */
const STEP_SIZE_IN_DATABASE = 5_000;

/** Maximum number of users evaluated by one step in memory. A step also takes about 100 ms. */
const STEP_SIZE_IN_MEMORY = 1_000;

/** Maximum number of evaluations of a definition for a user in one step in memory. */
const EVALUATIONS_PER_STEP = 20_000;

/**
 * Up to this number of definitions, evaluating in PostgreSQL is faster than reading the users
 * (docs/performance-steps.md).
 */
const MAX_DEFINITIONS_IN_DATABASE = 2;

/** Users evaluated between two yields to the event loop. */
const USERS_PER_YIELD = 50;

/** Maximum duration of the count of all users, in ms. */
const COUNT_TIMEOUT_MS = 1_000;

interface BackfillOptions {
  /** Step size as a fraction of the default. */
  part?: number;
  /** Maximum number of users of a step. */
  stepSize?: number | undefined;
  /** The time of the evaluation; the database's clock by default. */
  now?: Date | undefined;
}

/** What a step of a backfill did. */
export interface BackfillResult {
  /** Users for whom definitions were computed. */
  users: number;
  /** The segment whose members are complete now; undefined if there are more users to process. */
  completed: string | undefined;
}

/**
 * Computes members of pending definitions for the next batch of users. A step processes the oldest one, and all
 * others at the same position: definitions that are created later wait, so that new definitions
 * do not delay older ones. A definition that refers to a segment with a pending definition waits
 * for it.
 * @returns null if nothing is pending; undefined if nothing was written because another process wrote a step or a
 * definition changed.
 */
export async function advanceBackfill(
  db: Database,
  segments: WorkspaceSegments,
  { part = 1, stepSize, now }: BackfillOptions = {},
): Promise<BackfillResult | null | undefined> {
  const { workspaceId } = segments;
  const current = await segments.read(db);
  const pending = current ? readyDefinitions(current.definitions, segments) : [];
  const [first] = pending;
  if (!current || !first) return null;
  const ids = new Set(pending.filter(({ position }) => position === first.position).map(({ id }) => id));
  const definitions = current.plan.definitions.filter(({ id }) => ids.has(id));
  const { position } = current;
  const isTimed = ({ condition }: Definition) => condition.dependencies().some(({ kind }) => kind === 'time');
  const inDatabase = definitions.length <= MAX_DEFINITIONS_IN_DATABASE && !definitions.some(isTimed);
  const inMemory = Math.min(STEP_SIZE_IN_MEMORY, EVALUATIONS_PER_STEP / definitions.length);
  const limit = stepSize ?? Math.ceil((inDatabase ? STEP_SIZE_IN_DATABASE : inMemory) * part);
  const userIds = await readNextUsers(db, workspaceId, first.position, limit);
  const last = userIds.at(-1);
  let version = BigInt(position.version);
  if (last !== undefined) {
    const range: Range = { position, userIds, after: first.position ?? BEFORE_ALL_IDS, last, now };
    const usersTotal = first.usersTotal ?? (await countUsers(db, workspaceId));
    const write = inDatabase ? computeInDatabase : computeInMemory;
    if (!(await write(db, workspaceId, definitions, { ...range, usersTotal }))) return undefined;
    version += 1n;
  }
  if (userIds.length === limit) return { users: userIds.length, completed: undefined };
  // One at a time, so that live changes wait for no more than one.
  const isDone = await completeDefinition(db, segments, { definitionId: first.id, version }, now);
  return isDone ? { users: userIds.length, completed: first.segmentId } : undefined;
}

/** Pending definitions that do not wait for another one, the oldest first. */
function readyDefinitions(definitions: readonly StoredDefinition[], segments: WorkspaceSegments): StoredDefinition[] {
  const pending = definitions.filter(
    ({ isComplete, isReplaced, currentId }) => !isComplete && !isReplaced && currentId !== null,
  );
  const segmentIds = new Set(pending.map(({ segmentId }) => segmentId));
  return pending.filter(({ id, segmentId }) => {
    const references = referencesOf(segments.conditionOf(id));
    // A definition that refers to all segments cannot wait: it is computed now, and recomputed when the others are
    // complete.
    return !references || [...references].every((each) => each === segmentId || !segmentIds.has(each));
  });
}

/** The users whose memberships a step computes. */
interface Range {
  position: Position;
  userIds: readonly string[];
  /** The users follow this id, up to `last`. */
  after: string;
  last: string;
  now: Date | undefined;
}

async function readNextUsers(db: WriteDb, workspaceId: string, after: string | null, limit: number): Promise<string[]> {
  const rows = await db.query<{ id: string }[]>`/* readNextUsersOfSegments */
    SELECT users.id FROM users WHERE users.workspace_id = ${workspaceId}::uuid AND users.id > ${after ?? BEFORE_ALL_IDS}::uuid
    ORDER BY users.id LIMIT ${limit}::int`;
  return rows.map(({ id }) => id);
}

/** The statement that records the progress of a definition; it refers to `moved`. */
const progressSql = (
  workspaceId: string,
  { last, userIds, usersTotal }: Range & { usersTotal: number },
  counts: Prisma.Sql,
) => Prisma.sql`
    UPDATE segment_definitions SET position = ${last}::uuid, users_read = users_read + ${userIds.length}::int,
      users_total = ${usersTotal}::int, entered = segment_definitions.entered + counts.entered,
      exited = segment_definitions.exited + counts.exited
    FROM moved CROSS JOIN (${counts}) AS counts
    WHERE segment_definitions.workspace_id = ${workspaceId}::uuid AND segment_definitions.id = counts.id`;

async function computeInMemory(
  db: Database,
  workspaceId: string,
  definitions: readonly Definition[],
  range: Range & { usersTotal: number },
): Promise<boolean> {
  const { userIds, position, now: fixedNow } = range;
  const needs = needsOf(definitions.map(({ condition }) => condition));
  const { users, now, timedOut } = await readUserFacts(
    db,
    workspaceId,
    userIds,
    needs,
    fixedNow ? { now: fixedNow } : {},
  );
  const stored = await readStored(db, workspaceId, userIds);
  const effects: Effect[] = [];
  const counts = new Map(definitions.map(({ id }) => [id, { id, entered: 0, exited: 0 }]));
  let place = 0;
  for (const [userId, facts] of users) {
    place += 1;
    if (place % USERS_PER_YIELD === 0) await new Promise(setImmediate);
    for (const definition of definitions) {
      const { holds, due } = evaluateDefinition(definition, facts, now.getTime());
      const wasMember = stored.get(userId)?.memberships.get(definition.formerId ?? '')?.isMember ?? false;
      const count = counts.get(definition.id);
      if (count && holds !== wasMember) count[holds ? 'entered' : 'exited'] += 1;
      if (!holds && !Number.isFinite(due)) continue;
      effects.push({
        userId,
        definition,
        ...(holds ? { change: 'enter' } : {}),
        ...(Number.isFinite(due) ? { due } : {}),
        isSuppressed: stored.get(userId)?.suppressedIn.has(definition.segmentId) ?? false,
        causes: [],
      });
    }
  }
  for (const [nth, userId] of [...timedOut].entries()) {
    const state = { stored: stored.get(userId), now: now.getTime(), place: nth };
    effects.push(...postponeUser(userId, definitions, state));
  }
  const countsSql = Prisma.sql`SELECT * FROM jsonb_to_recordset(${JSON.stringify([...counts.values()])}::jsonb)
    AS counts(id uuid, entered int, exited int)`;
  const also = progressSql(workspaceId, range, countsSql);
  return writeStep(db, workspaceId, { position, now: now.getTime(), effects, also });
}

/** Only for conditions that do not depend on time. */
async function computeInDatabase(
  db: Database,
  workspaceId: string,
  definitions: readonly Definition[],
  range: Range & { usersTotal: number },
): Promise<boolean> {
  const { position, after, last, now = new Date() } = range;
  const isAboutEvents = definitions.some(({ condition }) =>
    condition.dependencies().some(({ kind }) => kind === 'events'),
  );
  const eventNames = isAboutEvents ? await readEventNames(db, workspaceId) : undefined;
  const inRange = (column: Prisma.Sql) => Prisma.sql`${column} > ${after}::uuid AND ${column} <= ${last}::uuid`;
  const found = definitions.map(
    ({ condition }, index) => Prisma.sql`${Prisma.raw(`found_${index}`)} AS MATERIALIZED (
      SELECT users.id FROM users
      WHERE users.workspace_id = ${workspaceId}::uuid AND ${inRange(Prisma.sql`users.id`)} AND EXISTS (SELECT FROM moved)
        AND ${condition.sql({ workspaceId, now, eventNames }, false)}
      ORDER BY users.id FOR KEY SHARE
    )`,
  );
  const matching = definitions.map(
    ({ id, segmentId, formerId }, index) => Prisma.sql`
      SELECT ${id}::uuid AS definition_id, ${segmentId}::uuid AS segment_id, found.id AS user_id,
        former.user_id IS NOT NULL AS stays, former.entered_at
      FROM ${Prisma.raw(`found_${index}`)} AS found LEFT JOIN LATERAL (
        SELECT segment_memberships.user_id, segment_memberships.entered_at FROM segment_memberships
        WHERE segment_memberships.workspace_id = ${workspaceId}::uuid AND segment_memberships.definition_id = ${formerId}::uuid
          AND segment_memberships.user_id = found.id LIMIT 1
      ) AS former ON true`,
  );
  const formerIds = definitions.map(({ formerId }) => String(formerId));
  const counts = Prisma.sql`
    SELECT definition.id,
      (SELECT count(*) FROM matching WHERE matching.definition_id = definition.id AND NOT matching.stays)::int AS entered,
      (SELECT count(*) FROM segment_memberships
        WHERE segment_memberships.workspace_id = ${workspaceId}::uuid AND segment_memberships.definition_id = definition.former_id
          AND ${inRange(Prisma.sql`segment_memberships.user_id`)}
      )::int - (SELECT count(*) FROM matching WHERE matching.definition_id = definition.id AND matching.stays)::int AS exited
    FROM unnest(${definitions.map(({ id }) => id)}::uuid[], ${formerIds}::uuid[]) AS definition(id, former_id)`;
  const done = await db.query<unknown[]>`/* computeSegments */
    WITH ${movedSql(workspaceId, position)}, ${Prisma.join(found, ', ')}, matching AS MATERIALIZED (
      ${Prisma.join(matching, ' UNION ALL ')}
    ), inserted AS (
      INSERT INTO segment_memberships (workspace_id, segment_id, definition_id, user_id, suppressed, entered_at)
      SELECT ${workspaceId}::uuid, matching.segment_id, matching.definition_id, matching.user_id, ${isSuppressed(workspaceId, Prisma.sql`matching.user_id`, Prisma.sql`matching.segment_id`)}, CASE WHEN matching.stays THEN matching.entered_at ELSE ${now}::timestamptz END
      FROM matching
    ), progress AS (${progressSql(workspaceId, range, counts)})
    SELECT FROM moved`;
  return done.length > 0;
}

/** Counts the users of the workspace, for the progress. @returns 0 if that takes too long: the progress is then 0 until the end. */
async function countUsers(db: WriteDb, workspaceId: string): Promise<number> {
  const rows = await unlessTimeout(
    db.queryOnce<{ count: number }[]>(
      Prisma.sql`/* countUsersOfSegments */
        SELECT count(*)::int AS count FROM users WHERE users.workspace_id = ${workspaceId}::uuid`,
      COUNT_TIMEOUT_MS,
    ),
  );
  return rows?.[0]?.count ?? 0;
}
