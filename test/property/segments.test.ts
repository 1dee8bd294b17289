import { afterAll, beforeAll, expect, it } from 'vitest';
import { createWorkspace } from '../../src/domain/workspaces/workspaces.ts';
import { startApp } from '../kit/app.ts';
import { choicesOf } from '../kit/choices.ts';
import { SegmentSimulation } from '../kit/segments/simulation.ts';
import { casesOf } from '../kit/test-size.ts';

let app: Awaited<ReturnType<typeof startApp>>;

beforeAll(async () => {
  app = await startApp();
});

afterAll(() => app[Symbol.asyncDispose]());

interface StoredSegment {
  definitionId: string;
  members: string[];
  dues: Record<string, number> | null;
}

/** The members and instants of the segments, by id. */
async function readSegments(workspaceId: string): Promise<Map<string, StoredSegment>> {
  const rows = await app.db.$queryRaw<(StoredSegment & { id: string })[]>`
    SELECT id, definition_id AS "definitionId",
      ARRAY(SELECT user_id::text FROM segment_memberships
        WHERE segment_memberships.workspace_id = segments.workspace_id
          AND segment_memberships.definition_id = segments.definition_id) AS members,
      (SELECT jsonb_object_agg(user_id, extract(epoch FROM due_at) * 1000) FROM segment_due
        WHERE segment_due.workspace_id = segments.workspace_id AND segment_due.definition_id = segments.definition_id) AS dues
    FROM segments WHERE workspace_id = ${workspaceId}::uuid`;
  return new Map(rows.map(({ id, ...segment }) => [id, segment]));
}

interface Entry {
  seq: bigint;
  action: string;
  userId: string;
  segmentId: string;
}

const readEntries = (workspaceId: string, after: bigint) => app.db.$queryRaw<Entry[]>`
  SELECT seq, action, user_id AS "userId", segment_id AS "segmentId" FROM changes
  WHERE workspace_id = ${workspaceId}::uuid AND action IN ('enterSegment', 'exitSegment') AND seq > ${after} ORDER BY seq`;

const setOf = (segment: StoredSegment | undefined) => new Set(segment?.members);

it('follows every write and the clock, as a naive evaluation does', { timeout: 900_000 }, async () => {
  const seen = { members: 0, dues: 0, entered: 0, exited: 0 };
  const cases = casesOf(300);
  for (let seed = 1; seed <= cases; seed += 1) {
    const choices = choicesOf(seed);
    const { id: workspaceId } = await createWorkspace(app.db, 'Simulation');
    const simulation = new SegmentSimulation({ db: app.db, workspaceId }, choices);
    await simulation.start();
    await simulation.settle();
    let before = await readSegments(workspaceId);
    let lastSeq = (await readEntries(workspaceId, 0n)).at(-1)?.seq ?? 0n;
    for (let pause = 0; pause < 6; pause += 1) {
      const writes = choices.below(12);
      for (let write = 0; write < writes; write += 1) {
        await simulation.write();
        if (choices.percent(20)) await simulation.step();
      }
      simulation.leap();
      await simulation.settle();
      const at = { seed, pause, now: new Date(simulation.now).toISOString() };
      const after = await readSegments(workspaceId);
      const entries = await readEntries(workspaceId, lastSeq);
      lastSeq = entries.at(-1)?.seq ?? lastSeq;
      const expected = await simulation.expected();
      for (const [segmentId, { definitionId, filter, members, dues }] of expected) {
        const stored = after.get(segmentId);
        const where = { ...at, segmentId, filter };
        expect({ ...where, members: [...setOf(stored)].sort() }).toEqual({ ...where, members: [...members].sort() });
        seen.members += members.size;
        for (const [userId, due] of dues) {
          const storedDue = stored?.dues?.[userId];
          // An instant that is too early is kept: the evaluation at that time finds the right one.
          const isRight =
            storedDue === undefined ? due === Number.POSITIVE_INFINITY : storedDue > simulation.now && storedDue <= due;
          expect({ ...where, userId, due, storedDue, isRight }).toMatchObject({ isRight: true });
          if (storedDue !== undefined) seen.dues += 1;
        }
        // The history of a definition that was replaced meanwhile ends with one change for the whole segment.
        if (before.get(segmentId)?.definitionId !== definitionId) continue;
        const replayed = setOf(before.get(segmentId));
        const existing = new Set(dues.keys());
        for (const { action, userId } of entries.filter((entry) => entry.segmentId === segmentId)) {
          const isEntry = action === 'enterSegment';
          expect({ ...where, userId, action, wasMember: replayed.has(userId) }).toMatchObject({ wasMember: !isEntry });
          if (isEntry) replayed.add(userId);
          else replayed.delete(userId);
          seen[isEntry ? 'entered' : 'exited'] += 1;
        }
        const left = [...replayed].filter((userId) => existing.has(userId)).sort();
        expect({ ...where, history: left }).toEqual({ ...where, history: [...members].sort() });
      }
      before = after;
    }
  }
  console.info(
    'figures | segments |',
    Object.entries(seen)
      .map(([name, value]) => `${name} ${value}`)
      .join(' | '),
  );
  expect(Math.min(seen.members, seen.dues, seen.entered, seen.exited)).toBeGreaterThan(cases / 3);
});
