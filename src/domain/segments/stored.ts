import type { WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { arrayParameter } from '../../db/sql.ts';
import type { Action } from '../changes/change.ts';
import { recordEach } from '../changes/record.ts';
import { includingOwnTransaction } from '../changes/snapshot.ts';
import { SEGMENTS } from '../shared/actor.ts';
import type { Effect, StoredMembership, StoredUser } from './evaluate.ts';
import type { Definition } from './plan.ts';

/** The name of the change consumer that computes segments. */
export const CONSUMER = 'segments';

/** The position of the computation of segments in the change log of a workspace. */
export interface Position {
  snapshot: string;
  /** Optimistic lock: a step writes only if the version is unchanged. A bigint, as text. */
  version: string;
}

/** Reads the memberships, due instants and suppressions of users. Users without any are missing from the result. */
export async function readStored(
  db: WriteDb,
  workspaceId: string,
  userIds: readonly string[],
): Promise<Map<string, StoredUser>> {
  const ids = arrayParameter(userIds, 'uuid');
  const rows = await db.query<StoredRow[]>`/* readStoredMemberships */
    SELECT user_id AS "userId", definition_id AS "definitionId", true AS "isMember", NULL AS due, false AS "isSuppression"
    FROM segment_memberships WHERE workspace_id = ${workspaceId}::uuid AND user_id = ANY(${ids})
    UNION ALL
    SELECT user_id, definition_id, false, (extract(epoch FROM due_at) * 1000)::float8, false
    FROM segment_due WHERE workspace_id = ${workspaceId}::uuid AND user_id = ANY(${ids})
    UNION ALL
    SELECT user_id, segment_id, false, NULL, true
    FROM segment_suppressions WHERE workspace_id = ${workspaceId}::uuid AND user_id = ANY(${ids})`;
  const users = new Map<string, { memberships: Map<string, StoredMembership>; suppressedIn: Set<string> }>();
  for (const { userId, definitionId, isMember, due, isSuppression } of rows) {
    const user = users.get(userId) ?? { memberships: new Map(), suppressedIn: new Set() };
    users.set(userId, user);
    if (isSuppression) user.suppressedIn.add(definitionId);
    else {
      const known = user.memberships.get(definitionId);
      user.memberships.set(definitionId, {
        isMember: isMember || (known?.isMember ?? false),
        due: due ?? known?.due,
      });
    }
  }
  return users;
}

/** A membership, a due instant, or a suppression. */
interface StoredRow {
  userId: string;
  /** For a suppression, the id of the segment. */
  definitionId: string;
  isMember: boolean;
  due: number | null;
  isSuppression: boolean;
}

/**
 * CTE `moved`, which increments the version of the position. It returns no row if the version has changed since it was
 * read: another process has taken over the workspace, or a definition has changed.
 */
export const movedSql = (workspaceId: string, { version }: Position, snapshot?: string) => Prisma.sql`moved AS (
    UPDATE change_consumers SET version = version + 1
      ${snapshot === undefined ? Prisma.empty : Prisma.sql`, snapshot = ${includingOwnTransaction(snapshot)}`}
    WHERE workspace_id = ${workspaceId}::uuid AND name = ${CONSUMER} AND version = ${version}::bigint
    RETURNING version
  )`;

/** What a step writes. */
interface StepWrites {
  position: Position;
  /** The new snapshot of the position; undefined keeps the stored one. */
  snapshot?: string;
  /** The instant of the evaluation, in ms since 1970. */
  now: number;
  effects: readonly Effect[];
  /**
   * A statement to execute as a CTE of the same statement. It must depend on `moved`, so that it does nothing if the
   * position is outdated.
   */
  also?: Prisma.Sql;
}

/**
 * SQL of the effects as rows, for the users that the CTE `owner` has locked. Distinct users, definitions and causes are
 * sent once, and effects refer to them by array index: PostgreSQL reads these arrays in a fifth of the time that the
 * same rows take as JSON.
 */
function effectsSql(effects: readonly Effect[], owner: Prisma.Sql): Prisma.Sql {
  const users = new Places<string>();
  const definitions = new Places<Definition>();
  const causes = new Places<string>();
  const u = toArray(effects.map(({ userId }) => users.of(userId)));
  const d = toArray(effects.map(({ definition }) => definitions.of(definition)));
  const c = toArray(effects.map((effect) => causes.of(arrayLiteral(effect.causes))));
  const changes = toArray(effects.map(({ change }) => change));
  const setsDue = toArray(effects.map(({ due }) => due !== undefined));
  const due = toArray(effects.map((effect) => effect.due));
  const suppressed = toArray(effects.map(({ isSuppressed }) => isSuppressed));
  return Prisma.sql`
      SELECT * FROM (
        SELECT (${users.values}::uuid[])[effect.u] AS u, (${definitions.values.map(({ id }) => id)}::uuid[])[effect.d] AS d,
          (${definitions.values.map(({ segmentId }) => segmentId)}::uuid[])[effect.d] AS s,
          (${definitions.values.map(({ isCurrent }) => isCurrent)}::boolean[])[effect.d] AS current,
          (${definitions.values.map(({ formerId }) => formerId)}::uuid[])[effect.d] AS former,
          effect.change, effect.sets_due, to_timestamp(effect.due / 1000) AS due,
          effect.suppressed, (${causes.values}::text[])[effect.c]::text[] AS causes
        FROM unnest(${u}::int[], ${d}::int[], ${changes}::text[], ${setsDue}::boolean[], ${due}::float8[], ${suppressed}::boolean[], ${c}::int[])
          AS effect(u, d, change, sets_due, due, suppressed, c)
      ) AS effect
      -- IS TRUE prevents a join, which PostgreSQL would plan badly without row estimates: it uses a hashed subplan instead.
      WHERE (effect.u IN (SELECT ${owner}.id FROM ${owner})) IS TRUE`;
}

/** Assigns 1-based array indexes to distinct values. */
class Places<Value> {
  readonly values: Value[] = [];
  readonly #places = new Map<Value, number>();

  of(value: Value): number {
    const known = this.#places.get(value);
    if (known !== undefined) return known;
    const place = this.values.push(value);
    this.#places.set(value, place);
    return place;
  }
}

/** A PostgreSQL array literal of values without special characters. The driver takes four times as long for an array. */
const toArray = (values: readonly (number | boolean | 'enter' | 'exit' | null | undefined)[]) =>
  `{${values.map((value) => value ?? 'NULL').join()}}`;

/** A PostgreSQL array literal of any texts. */
const arrayLiteral = (values: readonly string[]) =>
  `{${values.map((value) => `"${value.replaceAll(/[\\"]/g, '\\$&')}"`).join()}}`;

/**
 * The statement that inserts memberships. A member of the former definition keeps `entered_at`. The lookup is omitted if no
 * definition of the step replaces another.
 */
function enteredSql(workspaceId: string, effects: readonly Effect[], at: Date): Prisma.Sql {
  const [enteredAt, former] = effects.some(({ definition }) => definition.formerId !== null)
    ? [
        Prisma.sql`CASE WHEN former.user_id IS NULL THEN ${at}::timestamptz ELSE former.entered_at END`,
        Prisma.sql`LEFT JOIN LATERAL (
        SELECT segment_memberships.user_id, segment_memberships.entered_at FROM segment_memberships
        WHERE segment_memberships.workspace_id = ${workspaceId}::uuid AND segment_memberships.definition_id = effect.former
          AND segment_memberships.user_id = effect.u LIMIT 1
      ) AS former ON true`,
      ]
    : [Prisma.sql`${at}::timestamptz`, Prisma.empty];
  return Prisma.sql`
      INSERT INTO segment_memberships (workspace_id, segment_id, definition_id, user_id, suppressed, entered_at)
      SELECT ${workspaceId}::uuid, effect.s, effect.d, effect.u, effect.suppressed, ${enteredAt}
      FROM effect ${former}
      WHERE effect.change = 'enter'`;
}

/**
 * Writes the effects of a step and its new position with one statement. Writes nothing if the position has moved since
 * it was read: another process has taken over the workspace, or a definition has changed.
 *
 * The users are locked first, as a deletion does, so that the two cannot deadlock. Deleted users are
 * skipped.
 * @returns false if nothing was written, because the position is outdated.
 */
export async function writeStep(
  db: WriteDb,
  workspaceId: string,
  { position, snapshot, now, effects, also }: StepWrites,
): Promise<boolean> {
  const at = new Date(now);
  const moved = movedSql(workspaceId, position, snapshot);
  const alsoSql = also ? Prisma.sql`, also AS (${also})` : Prisma.empty;
  if (effects.length === 0) {
    const done = await db.query<unknown[]>`/* moveSegmentConsumer */ WITH ${moved} ${alsoSql} SELECT FROM moved`;
    return done.length > 0;
  }
  const recorded = (action: Action, change: string) =>
    recordEach({ workspaceId, actorName: Prisma.sql`${SEGMENTS}::text`, at }, action, {
      from: Prisma.sql`effect WHERE effect.change = ${change}::text AND effect.current`,
      userId: Prisma.sql`effect.u`,
      segmentId: Prisma.sql`effect.s`,
      changed: Prisma.sql`effect.causes`,
    });
  const userIds = arrayParameter([...new Set(effects.map(({ userId }) => userId))], 'uuid');
  const [done] = await db.query<{ isMoved: boolean }[]>`/* writeSegmentStep */
    WITH ${moved}, owner AS MATERIALIZED (
      SELECT users.id FROM users
      WHERE users.workspace_id = ${workspaceId}::uuid AND users.id = ANY(${userIds}) AND EXISTS (SELECT FROM moved)
      ORDER BY users.id FOR KEY SHARE
    ), effect AS MATERIALIZED (${effectsSql(effects, Prisma.sql`owner`)}
    ), entered AS (${enteredSql(workspaceId, effects, at)}
    ), exited AS (
      DELETE FROM segment_memberships USING effect
      WHERE segment_memberships.workspace_id = ${workspaceId}::uuid AND segment_memberships.user_id = ANY(${userIds})
        AND segment_memberships.user_id = effect.u AND segment_memberships.definition_id = effect.d AND effect.change = 'exit'
    ), due AS (
      INSERT INTO segment_due (workspace_id, user_id, definition_id, due_at)
      SELECT ${workspaceId}::uuid, effect.u, effect.d, effect.due FROM effect WHERE effect.due IS NOT NULL
      ON CONFLICT (workspace_id, user_id, definition_id) DO UPDATE SET due_at = excluded.due_at
    ), past AS (
      DELETE FROM segment_due USING effect
      WHERE segment_due.workspace_id = ${workspaceId}::uuid AND segment_due.user_id = ANY(${userIds})
        AND segment_due.user_id = effect.u AND segment_due.definition_id = effect.d AND effect.sets_due AND effect.due IS NULL
    ), entries AS (${recorded('enterSegment', 'enter')}), exits AS (${recorded('exitSegment', 'exit')}) ${alsoSql}
    SELECT EXISTS (SELECT FROM moved) AS "isMoved"`;
  return done?.isMoved ?? false;
}
