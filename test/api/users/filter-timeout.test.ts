import { expect, it } from 'vitest';
import { graphql } from '../../generated/gql.ts';
import { startApp } from '../../kit/app.ts';
import { holding } from '../../kit/holding.ts';
import { restOf } from '../../kit/rest.ts';
import { seedEvents } from '../../kit/seed-rows.ts';

const SlowEvents = graphql(`
  query SlowEvents { user(uid: "u10") { events(where: { value: { exists: false } }) { nodes { name } } } }
`);

const SlowEventCount = graphql(`
  query SlowEventCount { user(uid: "u10") { events(where: { value: { exists: false } }) { totalCount totalCountIsCapped } } }
`);

const SlowUsers = graphql(`
  query SlowUsers { users(where: { events: [{ name: { eq: "Paid" } }] }) { nodes { uid } } }
`);

it('a filter that takes too long ends with an error that says what would help, in both APIs', async () => {
  // A statement that waits for a lock takes too long without load.
  await using app = await startApp({ limits: { lockMs: 5_000 } });
  await seedEvents(app, 10, [1]);
  const ofEvents = expect.stringMatching(/^The filter of events took longer than 2000 ms\. Add a time window/);
  const ofUsers = expect.stringMatching(
    /^The filter took longer than 2000 ms: .*Paid.*; give conditions on events a time window\.$/,
  );
  const extensions = { code: 'LIMIT_EXCEEDED' };
  await holding(app, 'events', async () => {
    const [events, count, users, ofRest] = await Promise.all([
      app.send(SlowEvents),
      app.send(SlowEventCount),
      app.send(SlowUsers),
      restOf(app).post('/v1/users/search', { where: { events: [{ name: { eq: 'Paid' } }] } }),
    ]);
    expect(events.errors).toMatchObject([{ message: ofEvents, extensions }]);
    expect(count).toMatchObject({ data: { user: { events: { totalCount: 0, totalCountIsCapped: true } } } });
    expect(users.errors).toMatchObject([{ message: ofUsers, extensions }]);
    expect(ofRest).toEqual({ status: 400, body: { error: ofUsers, code: 'LIMIT_EXCEEDED' } });
  });
});
