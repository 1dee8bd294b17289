import { expect, it } from 'vitest';
import type { ReadDb } from '../../../src/db/client.ts';
import { needsOf, readUserFacts } from '../../../src/domain/users/filter/facts.ts';
import { toCondition } from '../../../src/domain/users/filter/filter.ts';
import type { UserFilter } from '../../../src/domain/users/filter/input.ts';
import { startApp } from '../../kit/app.ts';
import { choicesOf } from '../../kit/choices.ts';
import { addDevices, addList, addToList, addUser } from '../../kit/factories.ts';
import { insertPeople, NOW, segmentIds } from '../../kit/filters/people.ts';
import { somebodyInTime } from '../../kit/filters/timed-filter.ts';
import { type Place, rowId } from '../../kit/seed-rows.ts';

const segmentId = segmentIds[0] ?? '';

const paid = (count: number): UserFilter => ({
  events: [{ name: { eq: 'PAID' }, count: { gte: count }, within: 'P30D' }],
});

/** The database, which records the texts of the statements that are prepared. */
function recording({ db }: Place, texts: string[]): ReadDb {
  return {
    ...db,
    query: (query, ...values) => {
      texts.push('text' in query ? query.text : query.join('?'));
      return db.query(query, ...values);
    },
  };
}

/** What is read for some filters of one user. */
async function factsOf(
  { db, workspaceId }: { db: ReadDb; workspaceId: string },
  userId: string,
  ...filters: UserFilter[]
) {
  const needs = needsOf(filters.map((filter) => toCondition(filter)));
  const { users } = await readUserFacts(db, workspaceId, [userId], needs, { now: NOW });
  const facts = users.get(userId);
  if (!facts) throw new Error('There is no such user.');
  return facts;
}

/** A user with events of a name at distances in minutes from now. */
async function addPerson(place: Place, number: number, events: Readonly<Record<string, readonly number[]>>) {
  const facts = somebodyInTime(choicesOf(number), number);
  const all = Object.entries(events).flatMap(([name, minutes]) =>
    minutes.map((minute) => ({ name, value: minute, properties: {}, timestamp: NOW.getTime() + minute * 60_000 })),
  );
  const person = { ...facts, segments: [{ segmentId, suppressed: true }], events: all };
  await insertPeople(place, [person]);
  return person;
}

const ago = (count: number, step = 1) => Array.from({ length: count }, (_, place) => -1 - place * step);

it('reads users once, in whole milliseconds of the clock of the database, and skips users who do not exist', async () => {
  await using app = await startApp();
  const [ada, ben] = [await addUser(app), await addUser(app)];
  const needs = needsOf([toCondition(paid(1))]);
  const before = Date.now();
  const { now, users } = await readUserFacts(app.db, app.workspaceId, [ben.id, ada.id, ben.id, rowId(5)], needs);
  expect([...users.keys()].sort()).toEqual([ada.id, ben.id].sort());
  expect(Math.abs(now.getTime() - before)).toBeLessThan(60_000);
  const none = await readUserFacts(app.db, app.workspaceId, [], needs);
  expect(none.users.size).toBe(0);
  expect(none.now.getTime()).toBeGreaterThanOrEqual(now.getTime());
});

it('reads nothing of another workspace', async () => {
  await using app = await startApp();
  const person = await addPerson(app, 1, { Paid: ago(300) });
  const filters: UserFilter[] = [
    { lists: { some: {} } },
    { segments: { some: {} } },
    { devices: { some: {} } },
    paid(1),
  ];
  const needs = needsOf(filters.map((filter) => toCondition(filter)));
  const { users } = await readUserFacts(app.db, app.stranger.workspaceId, [person.user.id], needs);
  expect(users.size).toBe(0);
});

it('reads only what conditions refer to', async () => {
  await using app = await startApp();
  const ada = await addUser(app, { meta: { plan: 'pro' }, email: 'ada@example.com' });
  const [news, other] = [await addList(app), await addList(app)];
  await addToList(app, news, ada);
  await addToList(app, other, ada);
  await addDevices(app, ada, ['token']);
  const texts: string[] = [];
  const { workspaceId } = app;
  const about = await factsOf({ db: recording(app, texts), workspaceId }, ada.id, { email: { isNull: false } });
  expect(about).toMatchObject({ user: { email: 'ada@example.com' }, devices: [], lists: [], segments: [], events: [] });
  expect(about.user.meta).toBeUndefined();
  expect(texts).toEqual([expect.stringContaining('readUserFacts')]);
  expect(texts.join()).not.toMatch(/FROM (devices|list_memberships|segment_memberships|events)/);
  const withList = await factsOf(app, ada.id, { lists: { some: { listIds: [news.id] } } });
  expect(withList.lists.map(({ listId }) => listId)).toEqual([news.id]);
  expect((await factsOf(app, ada.id, { lists: { some: {} } })).lists).toHaveLength(2);
  expect((await factsOf(app, ada.id, { devices: { none: {} } })).devices).toHaveLength(1);
  expect((await factsOf(app, ada.id, { meta: [{ key: 'plan', exists: true }] })).user.meta).toEqual({ plan: 'pro' });
});

it('reads the members of the current definition of a segment only', async () => {
  await using app = await startApp();
  const { user } = await addPerson(app, 1, {});
  const filter: UserFilter = { segments: { some: { segmentIds: [segmentId] } } };
  expect((await factsOf(app, user.id, filter)).segments).toEqual([{ segmentId, suppressed: true }]);
  await app.db.$executeRaw`
    UPDATE segments SET definition_id = ${rowId(99)}::uuid WHERE workspace_id = ${app.workspaceId}::uuid`;
  expect((await factsOf(app, user.id, filter)).segments).toEqual([]);
});

it('reads few of the events of a user with many', async () => {
  await using app = await startApp();
  const { user } = await addPerson(app, 1, { Paid: [...ago(1_000), 5, 6, 7], Opened: [...ago(1_000), -50_000] });
  const evaluate = async (filter: UserFilter, most: number) => {
    const facts = await factsOf(app, user.id, filter);
    expect(facts.events.length).toBeLessThanOrEqual(most);
    const { holds, due } = toCondition(filter).evaluate(facts, NOW.getTime());
    return { holds, due: (due - NOW.getTime()) / 60_000 };
  };
  const days30 = 30 * 24 * 60;
  // The newest decide.
  expect(await evaluate(paid(2), 200)).toEqual({ holds: true, due: days30 - 2 });
  // More are required than are read at once.
  expect(await evaluate(paid(1_001), 1_003)).toEqual({ holds: false, due: 5 });
  expect(await evaluate(paid(1_000), 1_003)).toEqual({ holds: true, due: days30 - 1_000 });
  // Nothing among the newest.
  expect(await evaluate({ events: [{ name: { eq: 'Refunded' }, within: 'P7D' }] }, 0)).toEqual({
    holds: false,
    due: Infinity,
  });
  // By content: only one event passes.
  const old = { name: { eq: 'opened' }, value: { number: { lt: -10_000 } } };
  expect(await evaluate({ events: [old] }, 1)).toEqual({ holds: true, due: Infinity });
  expect(await evaluate({ events: [{ ...old, count: { gte: 2 } }] }, 1)).toEqual({ holds: false, due: Infinity });
});

it('reads what decides each condition on the same events of a user with many', async () => {
  await using app = await startApp();
  const { user } = await addPerson(app, 1, { Opened: ago(300), Paid: [-400, -500, -1_000, 5, 6] });
  const inMinutes = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
  const isPaid = (event: object): UserFilter => ({ events: [{ name: { eq: 'Paid' }, within: 'P30D', ...event }] });
  const expected: [UserFilter, { holds: boolean; due: number }][] = [
    [isPaid({}), { holds: true, due: 30 * 24 * 60 - 400 }],
    [isPaid({ until: inMinutes(-450) }), { holds: true, due: 30 * 24 * 60 - 500 }],
    [isPaid({ since: inMinutes(6) }), { holds: false, due: 6 }],
  ];
  for (const pairs of [expected, expected.toReversed()]) {
    const filters = pairs.map(([filter]) => filter);
    const facts = await factsOf(app, user.id, ...filters);
    const values = filters.map((filter) => toCondition(filter).evaluate(facts, NOW.getTime()));
    expect(values.map(({ holds, due }) => ({ holds, due: (due - NOW.getTime()) / 60_000 }))).toEqual(
      pairs.map(([, value]) => value),
    );
  }
});

it('prepares one statement, regardless of the number of conditions', async () => {
  await using app = await startApp();
  const ada = await addUser(app);
  const texts: string[] = [];
  const place = { db: recording(app, texts), workspaceId: app.workspaceId };
  await factsOf(place, ada.id, paid(1));
  await factsOf(place, ada.id, paid(2), { events: [{ name: { contains: 'a' } }] }, { email: { isNull: true } });
  expect(texts).toHaveLength(2);
  expect(new Set(texts).size).toBe(1);
});
