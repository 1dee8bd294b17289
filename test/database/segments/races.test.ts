import { expect, it } from 'vitest';
import { advanceBackfill } from '../../../src/domain/segments/backfill.ts';
import { consumeChanges } from '../../../src/domain/segments/consume.ts';
import { setSegmentSuppression } from '../../../src/domain/segments/suppress.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import {
  after,
  define,
  processOf,
  readMembers,
  redefine,
  settle,
  uidsIn,
  write,
} from '../../kit/segments/workspace.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

const ADA = { firstName: { eq: 'Ada' } };

it('suppresses a member who enters while the suppression is being written', async () => {
  await using app = await startApp({ ownDatabase: true });
  await write(app, 'createUser', { uid: 'ada' });
  const segmentId = await define(app, ADA);
  await settle(app);
  await write(app, 'updateUser', { uid: 'ada', firstName: 'Ada' });
  const { suppressing } = await app.db.$transaction(async (tx) => {
    // The suppression waits for the segment, while the step adds the member without it.
    await tx.$queryRaw`SELECT FROM segments WHERE id = ${segmentId}::uuid FOR UPDATE`;
    const suppressing = setSegmentSuppression(app.db, actorOf(app), { uid: 'ada', segmentId, suppressed: true });
    await untilWaiting(app, 1);
    expect(await consumeChanges(app.db, processOf(app))).toBeTruthy();
    return { suppressing: [suppressing] };
  });
  await Promise.all(suppressing);
  await settle(app);
  expect(await readMembers(app, segmentId)).toMatchObject([{ uid: 'ada', suppressed: true }]);
});

it('suppresses a member whom a new definition adds while the suppression is being written', async () => {
  await using app = await startApp({ ownDatabase: true });
  await write(app, 'createUser', { uid: 'ada', firstName: 'Ada' });
  const segmentId = await define(app, ADA);
  const { suppressing } = await app.db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT FROM segments WHERE id = ${segmentId}::uuid FOR UPDATE`;
    const suppressing = setSegmentSuppression(app.db, actorOf(app), { uid: 'ada', segmentId, suppressed: true });
    await untilWaiting(app, 1);
    expect(await advanceBackfill(app.db, processOf(app), { stepSize: 1 })).toBeTruthy();
    return { suppressing: [suppressing] };
  });
  await Promise.all(suppressing);
  await settle(app);
  expect(await readMembers(app, segmentId)).toMatchObject([{ uid: 'ada', suppressed: true }]);
});

it('computes a user who is created, and consumed by another process, just before a definition is complete', async () => {
  await using app = await startApp();
  const segmentId = await define(app, ADA);
  const db = after(app.db, 'readNextUsersOfSegments', async () => {
    await write(app, 'createUser', { uid: 'ada', firstName: 'Ada' });
    expect(await consumeChanges(app.db, processOf(app))).toMatchObject({ changes: 2 });
  });
  await advanceBackfill(db, processOf(app));
  await settle(app);
  expect(await uidsIn(app, segmentId)).toEqual(['ada']);
});

it('computes a segment again that returns to its filter after a segment to which it refers has changed', async () => {
  await using app = await startApp();
  await write(app, 'createUser', { uid: 'ada', firstName: 'Ada' });
  await write(app, 'createUser', { uid: 'bob', firstName: 'Bob' });
  const first = await define(app, ADA);
  const inFirst = { segments: { some: { segmentIds: [first] } } };
  const second = await define(app, inFirst);
  await settle(app);
  expect(await uidsIn(app, second)).toEqual(['ada']);
  await redefine(app, first, { firstName: { eq: 'Bob' } });
  await redefine(app, second, { firstName: { eq: 'Eve' } });
  // Both are computed; the second one has not begun when the first one is complete.
  const [definition] = await app.db.$queryRaw<{ id: string }[]>`
    SELECT id FROM segment_definitions WHERE segment_id = ${second}::uuid AND completed_at IS NULL`;
  await app.db.$executeRaw`UPDATE segment_definitions SET position = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
    WHERE id = ${definition?.id}::uuid`;
  await advanceBackfill(app.db, processOf(app));
  expect(await uidsIn(app, first)).toEqual(['bob']);
  await redefine(app, second, inFirst);
  await settle(app);
  expect(await uidsIn(app, second)).toEqual(['bob']);
});
