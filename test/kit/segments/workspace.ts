import { type DatabaseClient, openDatabase } from '../../../src/db/client.ts';
import { labelOf } from '../../../src/db/statements.ts';
import type { DatabaseTimeouts } from '../../../src/db/timeouts.ts';
import { advanceBackfill } from '../../../src/domain/segments/backfill.ts';
import { cleanUpDefinitions } from '../../../src/domain/segments/clean-up.ts';
import { consumeChanges } from '../../../src/domain/segments/consume.ts';
import { createSegment, updateSegment } from '../../../src/domain/segments/define.ts';
import { WorkspaceSegments } from '../../../src/domain/segments/workspace-segments.ts';
import type { UserFilter } from '../../../src/domain/users/filter/input.ts';
import { actorOf } from '../actor.ts';
import { startApp } from '../app.ts';

type App = Awaited<ReturnType<typeof startApp>>;

/** A place where segments are defined: the result of `startApp`, or its `stranger` with the database. */
interface Place {
  db: DatabaseClient;
  workspaceId: string;
}

const actorIn = (place: Place) => actorOf(place, 'test', 'users:read', 'users:write', 'segments:write');

/** Creates a segment, whose members are not computed yet. @returns its id. */
export async function define(place: Place, where: UserFilter, name = 'Segment'): Promise<string> {
  return (await createSegment(place.db, actorIn(place), { name, where })).id;
}

/** Changes the filter of a segment; its members are not computed yet. */
export async function redefine(place: Place, segmentId: string, where: UserFilter): Promise<void> {
  await updateSegment(place.db, actorIn(place), { segmentId, where });
}

/** What one gateway process keeps of the segments of a workspace. */
export const processOf = ({ workspaceId }: { workspaceId: string }) => new WorkspaceSegments(workspaceId);

/** Computes everything: changes, due instants, new definitions, and the deletion of old ones. */
export async function settle(
  place: Place,
  { now, stepSize }: { now?: Date | undefined; stepSize?: number | undefined } = {},
): Promise<void> {
  const segments = processOf(place);
  for (let round = 0; round < 1_000; round += 1) {
    const result = await consumeChanges(place.db, segments, { now, ...(stepSize ? { stepSize } : {}) });
    if (!(await segments.read(place.db))) return;
    if (result?.hasMore !== false) continue;
    if ((await advanceBackfill(place.db, segments, { now, stepSize })) !== null) continue;
    const current = await segments.read(place.db);
    const replaced = current?.definitions.filter(({ isReplaced }) => isReplaced) ?? [];
    if (replaced.length === 0) return;
    await cleanUpDefinitions(place.db, place.workspaceId, replaced, { stepSize });
  }
  throw new Error('The computation does not end.');
}

/** A member as it is stored. */
interface Member {
  uid: string;
  suppressed: boolean;
  enteredAt: Date | null;
}

/** The members of a segment by its current definition, in the order of their uids. */
export const readMembers = ({ db, workspaceId }: Place, segmentId: string) => db.$queryRaw<Member[]>`
  SELECT users.uid, suppressed, entered_at AS "enteredAt" FROM segments
  JOIN segment_memberships AS membership
    ON membership.workspace_id = segments.workspace_id AND membership.definition_id = segments.definition_id
  JOIN users ON users.workspace_id = membership.workspace_id AND users.id = membership.user_id
  WHERE segments.workspace_id = ${workspaceId}::uuid AND segments.id = ${segmentId}::uuid ORDER BY users.uid`;

/** The uids of the members of a segment. */
export const uidsIn = async (place: Place, segmentId: string) =>
  (await readMembers(place, segmentId)).map(({ uid }) => uid);

/** The entries and exits of a segment as texts, `enter ada email`, in the order of the log. */
export async function readHistory({ db, workspaceId }: Place, segmentId: string): Promise<string[]> {
  const rows = await db.$queryRaw<{ action: string; uid: string; changed: string[] }[]>`
    SELECT action, users.uid, changed FROM changes
    JOIN users ON users.workspace_id = changes.workspace_id AND users.id = changes.user_id
    WHERE changes.workspace_id = ${workspaceId}::uuid AND segment_id = ${segmentId}::uuid
      AND action IN ('enterSegment', 'exitSegment') ORDER BY seq`;
  return rows.map(({ action, uid, changed }) => [action.replace('Segment', ''), uid, ...changed].join(' '));
}

/** Sends a mutation with an input. @throws if it fails. */
export async function write({ send }: App, name: string, input: object): Promise<void> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input!`;
  const { data, errors } = await send(`mutation ($input: ${type}) { ${name}(input: $input) { __typename } }`, {
    input,
  });
  const [result] = Object.values((data ?? {}) as Record<string, { __typename: string } | null>);
  if (errors || !result?.__typename.endsWith('Payload')) throw new Error(JSON.stringify(errors ?? result));
}

/** The database, which calls `then` once, after the first statement with a label. */
export function after(db: DatabaseClient, label: string, then: () => Promise<unknown>): DatabaseClient {
  let isDone = false;
  const query: DatabaseClient['query'] = async (statement, ...values) => {
    const rows = await db.query(statement, ...values);
    const text = 'text' in statement ? statement.text : statement.join('?');
    if (!isDone && labelOf(text) === label) {
      isDone = true;
      await then();
    }
    return rows as never;
  };
  return new Proxy(db, { get: (target, key) => (key === 'query' ? query : Reflect.get(target, key)) });
}

/** Starts an app on its own database, with a client as the one that jobs use: they read all workspaces. */
export async function startWithJobs(timeouts?: DatabaseTimeouts) {
  const app = await startApp({ ownDatabase: true });
  const jobs = openDatabase(app.connection, timeouts ? { timeouts } : {});
  return {
    ...app,
    jobs,
    [Symbol.asyncDispose]: async () => {
      await jobs.$disconnect();
      await app[Symbol.asyncDispose]();
    },
  };
}
