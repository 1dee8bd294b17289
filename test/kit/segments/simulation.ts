import { v7 as uuidv7 } from 'uuid';
import type { DatabaseClient } from '../../../src/db/client.ts';
import { Prisma } from '../../../src/db/generated/client.ts';
import { readRows } from '../../../src/db/reading/columns.ts';
import { inTransaction } from '../../../src/db/transaction.ts';
import { registerDevice, removeDevice } from '../../../src/domain/devices/write.ts';
import { addEvent } from '../../../src/domain/events/add.ts';
import type { EventFacts } from '../../../src/domain/events/filter.ts';
import { removeFromList, setListSubscription } from '../../../src/domain/lists/subscribe.ts';
import { advanceBackfill } from '../../../src/domain/segments/backfill.ts';
import { cleanUpDefinitions } from '../../../src/domain/segments/clean-up.ts';
import { consumeChanges } from '../../../src/domain/segments/consume.ts';
import { parseStoredFilter, type StoredFilter } from '../../../src/domain/segments/stored-filter.ts';
import { WorkspaceSegments } from '../../../src/domain/segments/workspace-segments.ts';
import { createUser } from '../../../src/domain/users/create.ts';
import { deleteUser } from '../../../src/domain/users/delete.ts';
import type { UserFacts } from '../../../src/domain/users/filter/condition.ts';
import { toCondition } from '../../../src/domain/users/filter/filter.ts';
import type { UserFilter } from '../../../src/domain/users/filter/input.ts';
import { updateUser } from '../../../src/domain/users/upsert.ts';
import { type User, userColumns } from '../../../src/domain/users/user.ts';
import { actorOf } from '../actor.ts';
import type { Choices } from '../choices.ts';
import { filterGenerator } from '../filters/generate-filter.ts';
import { eventNames, instants, keys, listIds, NOW, numbers, platforms, segmentIds, texts } from '../filters/people.ts';

const DAY = 86_400_000;

/** How far the clock moves at once: from less than a window to beyond all of them. */
const LEAPS = [0, 1, 59_000, 60_000, 3_600_000, DAY, 2 * DAY, 30 * DAY, 400 * DAY];

/** The workspace of a simulation. */
interface Place {
  db: DatabaseClient;
  workspaceId: string;
}

/** A membership as it should be. */
export interface Expected {
  members: Set<string>;
  /** The exact instant at which each user's membership can change by itself; `Infinity` for never. */
  dues: Map<string, number>;
}

/** Random writes to a workspace with segments, by a clock that only the simulation moves. */
export class SegmentSimulation {
  readonly #place: Place;
  readonly #choices: Choices;
  readonly #segments: WorkspaceSegments;
  readonly #filter: (depth: number) => Record<string, unknown>;
  #uids: string[] = [];
  #nextUser = 1;
  now = NOW.getTime();

  constructor(place: Place, choices: Choices) {
    this.#place = place;
    this.#choices = choices;
    this.#segments = new WorkspaceSegments(place.workspaceId);
    this.#filter = filterGenerator(choices);
  }

  /** Creates lists and segments. */
  async start(): Promise<void> {
    const { db, workspaceId } = this.#place;
    await db.$executeRaw`
      INSERT INTO lists (workspace_id, id, title, created_at)
      SELECT ${workspaceId}::uuid, id, 'A list', now() FROM unnest(${listIds}::uuid[]) AS id`;
    for (let count = 0; count < 5; count += 1) await this.#createUser();
    await db.$executeRaw`
      INSERT INTO segments (workspace_id, id, name, created_at, definition_id)
      SELECT ${workspaceId}::uuid, id, 'A segment', now(), id FROM unnest(${segmentIds}::uuid[]) AS id`;
    for (const place of segmentIds.keys()) await this.#define(place);
  }

  /** Writes something. */
  async write(): Promise<void> {
    const { below } = this.#choices;
    const writes = [
      () => this.#createUser(),
      () => this.#updateUser(),
      () => this.#updateUser(),
      () => this.#updateUser(),
      () => this.#addEvent(),
      () => this.#addEvent(),
      () => this.#addEvent(),
      () => this.#addEvent(),
      () => this.#changeList(),
      () => this.#changeDevice(),
      () => this.#suppress(),
      () => this.#choices.percent(40) && this.#deleteUser(),
      () => this.#choices.percent(25) && this.#define(below(segmentIds.length)),
    ];
    await writes[below(writes.length)]?.();
  }

  /** Does a single step of the computation, of a few changes or users. */
  async step(): Promise<void> {
    const { db } = this.#place;
    const now = new Date(this.now);
    const stepSize = 1 + this.#choices.below(4);
    if (this.#choices.percent(60)) await consumeChanges(db, this.#segments, { stepSize, now });
    else await advanceBackfill(db, this.#segments, { stepSize, now });
  }

  /** Moves the clock. */
  leap(): void {
    this.now += this.#choices.of(LEAPS);
  }

  /** Computes everything. */
  async settle(): Promise<void> {
    const { db, workspaceId } = this.#place;
    const now = new Date(this.now);
    const stepSize = 1 + this.#choices.below(20);
    for (let round = 0; ; round += 1) {
      if (round > 1_000) throw new Error('The computation does not end.');
      const result = await consumeChanges(db, this.#segments, { stepSize, now });
      if (result?.hasMore !== false) continue;
      if ((await advanceBackfill(db, this.#segments, { stepSize, now })) !== null) continue;
      const current = await this.#segments.read(db);
      const replaced = current?.definitions.filter(({ isReplaced }) => isReplaced) ?? [];
      if (replaced.length === 0) return;
      await cleanUpDefinitions(db, workspaceId, replaced, { stepSize });
    }
  }

  /** The filters of the segments, by id, and what they should contain. */
  async expected(): Promise<Map<string, Expected & { definitionId: string; filter: UserFilter }>> {
    const { db, workspaceId } = this.#place;
    const definitions = await db.$queryRaw<{ id: string; segmentId: string; filter: StoredFilter }[]>`
      SELECT definition.id, segments.id AS "segmentId", filter FROM segments
      JOIN segment_definitions AS definition
        ON definition.workspace_id = segments.workspace_id AND definition.id = segments.definition_id
      WHERE segments.workspace_id = ${workspaceId}::uuid ORDER BY segments.id`;
    const everybody = await this.#readEverybody();
    const found = new Map();
    for (const { id, segmentId, filter } of definitions) {
      const parsed = parseStoredFilter(filter);
      const condition = toCondition(parsed);
      const dues = new Map(
        everybody.map((facts) => [facts.user.id, withinRange(condition.evaluate(facts, this.now).due)]),
      );
      const scope = { workspaceId, now: new Date(this.now) };
      const rows = await db.$queryRaw<{ id: string }[]>(Prisma.sql`
        SELECT users.id FROM users WHERE users.workspace_id = ${workspaceId}::uuid AND ${condition.sql(scope, false)}`);
      found.set(segmentId, { definitionId: id, filter: parsed, members: new Set(rows.map((row) => row.id)), dues });
    }
    return found;
  }

  /** All data of all users. */
  async #readEverybody(): Promise<UserFacts[]> {
    const { db, workspaceId } = this.#place;
    const users = await readRows<User>(db, userColumns, {
      keys: 1,
      statement: Prisma.sql`/* readEverybody */ SELECT ${userColumns.list} FROM users WHERE workspace_id = ${workspaceId}::uuid`,
    });
    const of = async <Row extends { userId: string }>(sql: Prisma.Sql) =>
      Map.groupBy(await db.query<Row[]>(sql), ({ userId }) => userId);
    const devices = await of<UserFacts['devices'][number] & { userId: string }>(Prisma.sql`/* readDevices */
      SELECT user_id AS "userId", platform, date_trunc('milliseconds', last_seen_at) AS "lastSeenAt" FROM devices
      WHERE workspace_id = ${workspaceId}::uuid`);
    const lists = await of<UserFacts['lists'][number] & { userId: string }>(Prisma.sql`/* readLists */
      SELECT user_id AS "userId", list_id AS "listId", subscribed, joined_at AS "joinedAt" FROM list_memberships
      WHERE workspace_id = ${workspaceId}::uuid`);
    const memberships = await of<UserFacts['segments'][number] & { userId: string }>(Prisma.sql`/* readMemberships */
      SELECT user_id AS "userId", segment_memberships.segment_id AS "segmentId", suppressed FROM segment_memberships
      JOIN segments ON segments.workspace_id = ${workspaceId}::uuid AND segments.definition_id = segment_memberships.definition_id
      WHERE segment_memberships.workspace_id = ${workspaceId}::uuid`);
    const events = await of<EventFacts & { userId: string }>(Prisma.sql`/* readEvents */
      SELECT user_id AS "userId", name, value, properties, (extract(epoch FROM timestamp) * 1000)::float8 AS timestamp
      FROM events WHERE workspace_id = ${workspaceId}::uuid`);
    return users.map((user) => ({
      user,
      devices: devices.get(user.id) ?? [],
      lists: lists.get(user.id) ?? [],
      segments: memberships.get(user.id) ?? [],
      events: events.get(user.id) ?? [],
    }));
  }

  get #actor() {
    return actorOf(this.#place, 'test', 'users:read', 'users:write');
  }

  #profile() {
    const { of, percent } = this.#choices;
    const maybe = <Value>(value: Value) => (percent(25) ? null : value);
    const fields = {
      firstName: () => maybe(of(texts)),
      email: () => maybe(of(['a@b', 'A@B', 'ab@example.com'])),
      appVersion: () => maybe(of(['3.1.0', '3.10'])),
      appLastActiveAt: () => maybe(of(this.#instants())),
      createdAt: () => of(this.#instants()),
      isAccount: () => percent(50),
      meta: () => (percent(10) ? null : { [of(keys)]: this.#value(), [of(keys)]: this.#value() }),
    };
    const chosen = Object.entries(fields).filter(() => percent(35));
    return Object.fromEntries(chosen.map(([name, make]) => [name, make()]));
  }

  #value() {
    const { of, percent } = this.#choices;
    return percent(40)
      ? of(texts)
      : percent(50)
        ? of(numbers)
        : percent(50)
          ? of(this.#instants()).toISOString()
          : percent(50);
  }

  /** Instants around the clock, and those that filters name. */
  #instants(): Date[] {
    const near = LEAPS.flatMap((leap) => [this.now - leap, this.now + leap, this.now - leap + 1]);
    return [...near, ...instants.map((instant) => Date.parse(instant))].map((time) => new Date(time));
  }

  async #createUser(): Promise<void> {
    const uid = `u${this.#nextUser}`;
    this.#nextUser += 1;
    await createUser(this.#place.db, this.#actor, { uid, ...this.#profile(), idempotencyKey: null } as never);
    this.#uids.push(uid);
  }

  /** A user who exists; creates one, if there is none. */
  async #someUid(): Promise<string> {
    if (this.#uids.length === 0) await this.#createUser();
    return this.#choices.of(this.#uids);
  }

  async #updateUser(): Promise<void> {
    const removeMeta = this.#choices.percent(15) ? { removeMeta: [this.#choices.of(keys)] } : {};
    await updateUser(this.#place.db, this.#actor, {
      uid: await this.#someUid(),
      ...this.#profile(),
      ...removeMeta,
    } as never);
  }

  async #addEvent(): Promise<void> {
    const { of, percent } = this.#choices;
    await addEvent(this.#place.db, this.#actor, {
      uid: await this.#someUid(),
      name: of(eventNames),
      value: percent(50) ? null : this.#value(),
      properties: percent(50) ? {} : { [of(keys)]: this.#value() },
      timestamp: of(this.#instants()),
    } as never);
  }

  async #changeList(): Promise<void> {
    const { of, percent } = this.#choices;
    const input = { uid: await this.#someUid(), listId: of(listIds) };
    if (percent(25)) await removeFromList(this.#place.db, this.#actor, input).catch(() => {});
    else await setListSubscription(this.#place.db, this.#actor, { ...input, subscribed: percent(60) }).catch(() => {});
  }

  async #changeDevice(): Promise<void> {
    const { of, percent } = this.#choices;
    const uid = await this.#someUid();
    const token = of(['t1', 't2', 't3']);
    const { db, workspaceId } = this.#place;
    if (percent(30)) await removeDevice(db, this.#actor, { uid, token }).catch(() => {});
    else {
      await inTransaction(db, async (tx) => {
        const [user] = await tx.query<{ id: string }[]>`/* lockUser */
          SELECT id FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ${uid} FOR UPDATE`;
        if (user) await registerDevice(tx, this.#actor, user.id, { token, platform: of(platforms) });
      });
    }
  }

  async #suppress(): Promise<void> {
    const { db, workspaceId } = this.#place;
    const { of, percent } = this.#choices;
    const uid = await this.#someUid();
    const segmentId = of(segmentIds);
    const suppressed = percent(60);
    await db.$transaction(async (tx) => {
      await tx.$executeRaw`
        WITH owner AS (SELECT id FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ${uid})
        UPDATE segment_memberships SET suppressed = ${suppressed} FROM owner
        WHERE workspace_id = ${workspaceId}::uuid AND segment_id = ${segmentId}::uuid AND user_id = owner.id`;
      if (suppressed) {
        await tx.$executeRaw`
          INSERT INTO segment_suppressions (workspace_id, user_id, segment_id)
          SELECT ${workspaceId}::uuid, id, ${segmentId}::uuid FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ${uid}
          ON CONFLICT DO NOTHING`;
      } else {
        await tx.$executeRaw`
          DELETE FROM segment_suppressions USING users
          WHERE segment_suppressions.workspace_id = ${workspaceId}::uuid AND users.workspace_id = ${workspaceId}::uuid
            AND users.id = user_id AND users.uid = ${uid} AND segment_id = ${segmentId}::uuid`;
      }
      await tx.$executeRaw`
        INSERT INTO changes (workspace_id, at, key_id, action, user_id, segment_id)
        SELECT ${workspaceId}::uuid, now(), 'test', 'setSegmentSuppression', id, ${segmentId}::uuid
        FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ${uid}`;
    });
  }

  async #deleteUser(): Promise<void> {
    const uid = await this.#someUid();
    await deleteUser(this.#place.db, this.#actor, uid);
    this.#uids = this.#uids.filter((each) => each !== uid);
  }

  /** Defines a segment anew, with references to segments before it. */
  async #define(place: number): Promise<void> {
    const { db, workspaceId } = this.#place;
    const segmentId = segmentIds[place] ?? '';
    const filter = withReferencesTo(segmentIds.slice(0, place), this.#makeFilter());
    await db.$transaction(async (tx) => {
      await tx.$executeRaw`
        UPDATE segment_definitions SET replaced_at = now(), position = NULL
        WHERE workspace_id = ${workspaceId}::uuid AND segment_id = ${segmentId}::uuid AND completed_at IS NULL`;
      await tx.$executeRaw`
        INSERT INTO segment_definitions (workspace_id, id, segment_id, filter, created_at)
        VALUES (${workspaceId}::uuid, ${uuidv7()}::uuid, ${segmentId}::uuid, ${JSON.stringify(filter)}::jsonb, now())`;
      await tx.$executeRaw`
        INSERT INTO change_consumers (workspace_id, name, snapshot)
        VALUES (${workspaceId}::uuid, 'segments', pg_current_snapshot()::text)
        ON CONFLICT (workspace_id, name) DO UPDATE SET version = change_consumers.version + 1`;
    });
  }

  /** A typical rule, or one with any operators. */
  #makeFilter(): Record<string, unknown> {
    const { of, percent, below } = this.#choices;
    if (percent(40)) return this.#filter(1);
    const window = () => of(['PT1M', 'PT1H', 'P1D', 'P2D', 'P30D']);
    const event = () => ({
      name: { eq: of(eventNames) },
      count: of([{ gte: 1 }, { gte: 2 }, { eq: 0 }, { lte: 1 }, { eq: 1 }]),
      ...(percent(80) ? { within: window() } : {}),
    });
    const rule = (): Record<string, unknown> =>
      of([
        () => ({ events: [event()] }),
        () => ({ events: [event(), event()] }),
        () => ({ createdAt: { within: window() } }),
        () => ({ appLastActiveAt: { before: window() } }),
        () => ({ meta: [{ key: of(keys), dateTime: { within: window() } }] }),
        () => ({ meta: [{ key: of(keys), string: { eq: of(texts) } }] }),
        () => ({
          segments: {
            [of(['some', 'none'])]: {
              segmentIds: [of(segmentIds)],
              ...(percent(40) ? { suppressed: percent(50) } : {}),
            },
          },
        }),
        () => ({ lists: { some: { listIds: [of(listIds)], subscribed: true } } }),
        () => ({ devices: { some: { platform: of(platforms) } } }),
      ])();
    const several = () => Array.from({ length: 1 + below(3) }, rule);
    return of([rule, () => ({ or: several() }), () => ({ and: several() }), () => ({ not: { or: several() } })])();
  }
}

/** The filter, in which conditions on segments refer to some segments only. */
function withReferencesTo(ids: readonly string[], filter: unknown): unknown {
  if (Array.isArray(filter)) return filter.map((part) => withReferencesTo(ids, part));
  if (filter === null || typeof filter !== 'object' || filter instanceof Date) return filter;
  const onSegments = (condition: { segmentIds?: string[] }) => ({
    ...condition,
    segmentIds: (condition.segmentIds ?? []).filter((id) => ids.includes(id)),
  });
  return Object.fromEntries(
    Object.entries(filter).map(([key, part]) => [
      key,
      key === 'segments'
        ? Object.fromEntries(Object.entries(part as object).map(([which, condition]) => [which, onSegments(condition)]))
        : withReferencesTo(ids, part),
    ]),
  );
}

/** Nothing changes after the last valid instant. */
const withinRange = (due: number) => (due > Date.parse('9999-12-31T23:59:59.999Z') ? Number.POSITIVE_INFINITY : due);
