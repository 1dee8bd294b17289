import type { ReadDb, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { type Arrays, type Columns, columnsOf } from '../../db/reading/columns.ts';
import { changeColumns } from '../changes/change.ts';
import { record } from '../changes/record.ts';
import { deviceColumns } from '../devices/device.ts';
import { eventColumns } from '../events/event.ts';
import { currentDefinition } from '../segments/segment.ts';
import type { Actor } from '../shared/actor.ts';
import { LimitExceededError, NotFoundError } from '../shared/errors.ts';
import { BEFORE_ALL_IDS } from '../shared/ids.ts';
import { userColumns } from '../users/user.ts';
import { type ExportedChange, type ExportedEvent, USER_EXPORT_VERSION, type UserExport } from './user-export-schema.ts';

/** An export of a user that has begun. */
export interface StartedExport {
  /** Everything except what may be too large for memory. */
  head: Omit<UserExport, 'events' | 'changes'>;
  /**
   * Pages of events, oldest first: all that were committed when the export began.
   * @throws {NotFoundError} if the user has been deleted since.
   */
  events(): AsyncGenerator<readonly ExportedEvent[]>;
  /** Pages of audit entries, oldest first; the last one is that of the export itself. @throws as `events` does. */
  changes(): AsyncGenerator<readonly ExportedChange[]>;
}

/** Events or changes read by one statement. An event has up to 32 KB. */
const PAGE_SIZE = 500;

type Part<Name extends keyof UserExport> = UserExport[Name] extends (infer Row)[] ? Row : UserExport[Name];

const profileColumns = columnsOf<UserExport['profile']>({
  ...userColumns.expressions,
  publicMeta: Prisma.sql`users.public_meta`,
});

const listColumns = columnsOf<Part<'lists'>>({
  listId: Prisma.sql`list_memberships.list_id`,
  title: Prisma.sql`lists.title`,
  subscribed: Prisma.sql`list_memberships.subscribed`,
  joinedAt: { instant: Prisma.sql`list_memberships.joined_at` },
});

const segmentColumns = columnsOf<Part<'segments'>>({
  segmentId: Prisma.sql`segment_memberships.segment_id`,
  name: Prisma.sql`segments.name`,
  suppressed: Prisma.sql`segment_memberships.suppressed`,
  enteredAt: { instant: Prisma.sql`segment_memberships.entered_at` },
});

const suppressionColumns = columnsOf<Part<'suppressions'>>({
  segmentId: Prisma.sql`segment_suppressions.segment_id`,
  name: Prisma.sql`segments.name`,
});

const pendingColumns = columnsOf<Part<'pendingEvaluations'>>({
  segmentId: Prisma.sql`segment_definitions.segment_id`,
  dueAt: { instant: Prisma.sql`segment_due.due_at` },
});

const { userId: _ofEvent, ...eventExpressions } = eventColumns.expressions;
const exportedEventColumns = columnsOf<ExportedEvent>(eventExpressions);

const { seq: _seq, userId: _ofChange, apiKeyId: _apiKeyId, ...changeExpressions } = changeColumns.expressions;
const exportedChangeColumns = columnsOf<ExportedChange>(changeExpressions);

/** The rows of a subquery as arrays (`Columns.rows`), so that one statement reads all parts from one snapshot. */
const asArrays = <Row>(columns: Columns<Row>, rows: Prisma.Sql) => Prisma.sql`(
    SELECT to_json(arrays) FROM (SELECT ${columns.arrays()} FROM (SELECT ${columns.list} ${rows}) AS found) AS arrays)`;

interface HeadRow extends Record<'profile' | 'devices' | 'lists' | 'segments' | 'suppressions' | 'pending', Arrays> {
  at: string;
  /** The newest event; null without events. */
  lastEventId: string | null;
  /** The `seq` of the entry that records the export. */
  lastSeq: string;
}

/**
 * Starts an export of everything that is stored about a user, and records it in the audit trail, with one statement: all
 * parts except events and changes are of one snapshot. Events and changes are read in pages afterwards, without a
 * transaction that would hold back vacuum: they are never updated, so that the pages contain all that were visible in the
 * snapshot, and may contain some that were being written.
 * @throws {NotFoundError} if the workspace has no such user.
 */
export async function startUserExport(db: WriteDb, actor: Actor, uid: string): Promise<StartedExport> {
  const { workspaceId } = actor;
  const [row] = await db.query<HeadRow[]>`/* exportUser */
    WITH person AS MATERIALIZED (
      SELECT users.* FROM users WHERE users.workspace_id = ${workspaceId}::uuid AND users.uid = ${uid}
    ), audited AS (
      ${record(actor, 'exportUser', { from: Prisma.sql`person`, userId: Prisma.sql`id` })} RETURNING seq
    )
    SELECT now() AS at, ${headParts(workspaceId)}, (
        SELECT events.id FROM events WHERE events.workspace_id = ${workspaceId}::uuid AND events.user_id = person.id
        ORDER BY events.id DESC LIMIT 1
      ) AS "lastEventId", (SELECT seq::text FROM audited) AS "lastSeq"
    FROM person`;
  const [profile] = row ? profileColumns.rows(row.profile) : [];
  if (!row || !profile) throw new NotFoundError('User');
  const key = { workspaceId, userId: profile.id };
  return {
    head: {
      version: USER_EXPORT_VERSION,
      exportedAt: row.at,
      workspaceId,
      profile,
      devices: deviceColumns.rows(row.devices),
      lists: listColumns.rows(row.lists),
      segments: segmentColumns.rows(row.segments),
      suppressions: suppressionColumns.rows(row.suppressions),
      pendingEvaluations: pendingColumns.rows(row.pending),
    },
    events: () => readEventPages(db, key, row.lastEventId),
    changes: () => readChangePages(db, key, row.lastSeq),
  };
}

/** The select list of the parts of `HeadRow`, from `person`. */
const headParts = (workspaceId: string) => Prisma.sql`
    ${asArrays(profileColumns, Prisma.sql`FROM (SELECT person.*) AS users`)} AS profile,
    ${asArrays(
      deviceColumns,
      Prisma.sql`FROM devices
      WHERE devices.workspace_id = ${workspaceId}::uuid AND devices.user_id = person.id
      ORDER BY devices.last_seen_at DESC, devices.token`,
    )} AS devices,
    ${asArrays(
      listColumns,
      Prisma.sql`FROM list_memberships
      JOIN lists ON lists.workspace_id = ${workspaceId}::uuid AND lists.id = list_memberships.list_id
      WHERE list_memberships.workspace_id = ${workspaceId}::uuid AND list_memberships.user_id = person.id
      ORDER BY list_memberships.list_id DESC`,
    )} AS lists,
    ${asArrays(
      segmentColumns,
      Prisma.sql`FROM segment_memberships
      JOIN segments ON segments.workspace_id = ${workspaceId}::uuid AND segments.id = segment_memberships.segment_id
      WHERE segment_memberships.workspace_id = ${workspaceId}::uuid AND segment_memberships.user_id = person.id
        AND segment_memberships.definition_id
          = ${currentDefinition(workspaceId, Prisma.sql`segment_memberships.segment_id`)}
      ORDER BY segment_memberships.segment_id DESC`,
    )} AS segments,
    ${asArrays(
      suppressionColumns,
      Prisma.sql`FROM segment_suppressions
      JOIN segments ON segments.workspace_id = ${workspaceId}::uuid AND segments.id = segment_suppressions.segment_id
      WHERE segment_suppressions.workspace_id = ${workspaceId}::uuid AND segment_suppressions.user_id = person.id
      ORDER BY segment_suppressions.segment_id DESC`,
    )} AS suppressions,
    ${asArrays(
      pendingColumns,
      Prisma.sql`FROM segment_due
      JOIN segment_definitions ON segment_definitions.workspace_id = ${workspaceId}::uuid
        AND segment_definitions.id = segment_due.definition_id
      WHERE segment_due.workspace_id = ${workspaceId}::uuid AND segment_due.user_id = person.id
      ORDER BY segment_due.due_at, segment_definitions.segment_id`,
    )} AS pending`;

/** Identifies a user. */
interface UserKey {
  workspaceId: string;
  userId: string;
}

async function* readEventPages(
  db: ReadDb,
  key: UserKey,
  lastId: string | null,
): AsyncGenerator<readonly ExportedEvent[]> {
  let after: string | undefined = BEFORE_ALL_IDS;
  while (after !== undefined && lastId !== null) {
    const page: ExportedEvent[] = await db.query<ExportedEvent[]>`/* exportEvents */
      SELECT ${exportedEventColumns.list} FROM events
      WHERE events.workspace_id = ${key.workspaceId}::uuid AND events.user_id = ${key.userId}::uuid
        AND events.id > ${after}::uuid AND events.id <= ${lastId}::uuid
      ORDER BY events.id LIMIT ${PAGE_SIZE}`;
    if (page.length > 0) yield page;
    after = page.length < PAGE_SIZE ? undefined : page.at(-1)?.id;
  }
  await requireUser(db, key);
}

async function* readChangePages(db: ReadDb, key: UserKey, lastSeq: string): AsyncGenerator<readonly ExportedChange[]> {
  let after: string | undefined = '0';
  while (after !== undefined) {
    const page: (ExportedChange & { seq: string })[] = await db.query<
      (ExportedChange & { seq: string })[]
    >`/* exportChanges */
      SELECT ${exportedChangeColumns.list}, changes.seq::text AS seq FROM changes
      WHERE changes.workspace_id = ${key.workspaceId}::uuid AND changes.user_id = ${key.userId}::uuid
        AND changes.seq > ${after}::bigint AND changes.seq <= ${lastSeq}::bigint
      ORDER BY changes.seq LIMIT ${PAGE_SIZE}`;
    if (page.length > 0) yield page.map(({ seq: _, ...change }) => change);
    after = page.length < PAGE_SIZE ? undefined : page.at(-1)?.seq;
  }
  await requireUser(db, key);
}

/** @throws {NotFoundError} if the user has been deleted: pages that were read before may lack what has been erased. */
async function requireUser(db: ReadDb, { workspaceId, userId }: UserKey): Promise<void> {
  const users = await db.query<object[]>`/* findExportedUser */
    SELECT FROM users WHERE users.workspace_id = ${workspaceId}::uuid AND users.id = ${userId}::uuid`;
  if (users.length === 0) throw new NotFoundError('User');
}

/** Maximum number of events and audit entries of an export that is returned as a whole. */
export const MAX_EXPORT_ROWS = 10_000;

/** Maximum size of an export that is returned as a whole, in characters of JSON. */
export const MAX_EXPORT_CHARACTERS = 4 * 1024 * 1024;

/**
 * Exports everything that is stored about a user as one object.
 * @throws {NotFoundError} if the workspace has no such user.
 * @throws {LimitExceededError} if the export exceeds `MAX_EXPORT_ROWS` or `MAX_EXPORT_CHARACTERS`.
 */
export async function exportUser(db: WriteDb, actor: Actor, uid: string): Promise<UserExport> {
  const { head, events, changes } = await startUserExport(db, actor, uid);
  let rows = 0;
  let characters = JSON.stringify(head).length;
  async function collect<Row>(pages: AsyncGenerator<readonly Row[]>): Promise<Row[]> {
    const collected: Row[] = [];
    for await (const page of pages) {
      rows += page.length;
      characters += JSON.stringify(page).length;
      if (rows > MAX_EXPORT_ROWS || characters > MAX_EXPORT_CHARACTERS) throw tooLarge(actor.workspaceId);
      collected.push(...page);
    }
    return collected;
  }
  return { ...head, events: await collect(events()), changes: await collect(changes()) };
}

const tooLarge = (workspaceId: string) =>
  new LimitExceededError(
    `The export exceeds ${MAX_EXPORT_ROWS} events and audit entries, or ${MAX_EXPORT_CHARACTERS / 1024 ** 2} MB. Use the command line, which has no limit: npm run cli -- export user UID --workspace ${workspaceId}`,
  );

/** The export of a user as JSON text in pieces, so that memory is bounded: each event and each audit entry on a line. */
export async function* printUserExport({ head, events, changes }: StartedExport): AsyncGenerator<string> {
  const lines = Object.entries(head).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)},\n`);
  yield `{\n${lines.join('')}`;
  yield '"events":[';
  yield* printRows(events());
  yield '],\n"changes":[';
  yield* printRows(changes());
  yield ']\n}\n';
}

async function* printRows(pages: AsyncGenerator<readonly object[]>): AsyncGenerator<string> {
  let separator = '\n';
  for await (const page of pages) {
    yield page.map((row, place) => `${place === 0 ? separator : ',\n'}${JSON.stringify(row)}`).join('');
    separator = ',\n';
  }
}
