import { expect, it } from 'vitest';
import { graphql } from '../../generated/gql.ts';
import { startApp } from '../../kit/app.ts';
import { addList, addSegment, addToList, addToSegment, addUser } from '../../kit/factories.ts';
import { completeSegment, defineSegment } from '../../kit/segments/define.ts';

const Explain = graphql(`
  query ExplainSegments($uid: String!) {
    user(uid: $uid) { segments { segment { name } enteredAt explanation { condition holds changesAt } } }
  }
`);

const ExplainConditions = graphql(`
  query ExplainConditions($uid: String!) {
    user(uid: $uid) { segments { explanation { condition } } }
  }
`);

it('gives the conditions of the current filter, and whether they hold', async () => {
  await using app = await startApp();
  const list = await addList(app, { title: 'News' });
  const user = await addUser(app, { uid: 'u1', meta: { plan: 'pro' }, createdAt: new Date(Date.now() - 60_000) });
  await addToList(app, list, user);
  const { id } = await defineSegment(app, 'Readers', {
    meta: [{ key: 'plan', string: { eq: 'pro' } }],
    createdAt: { within: 'P1D' },
    lists: { some: { listIds: [list.globalId] } },
  });
  await completeSegment(app, id, [user.id]);
  const explained = (await app.run(Explain, { uid: 'u1' })).user?.segments;
  expect(explained).toMatchObject([{ segment: { name: 'Readers' }, enteredAt: expect.any(String) }]);
  const [{ explanation } = { explanation: [] }] = explained ?? [];
  expect(explanation.map(({ condition, holds }) => ({ condition, holds }))).toEqual([
    { condition: expect.stringContaining('sign-up'), holds: true },
    { condition: 'plan is "pro"', holds: true },
    { condition: 'is on list "News"', holds: true },
  ]);
  const [signUp, plan] = explanation;
  expect(plan?.changesAt).toBeNull();
  expect(Date.parse(String(signUp?.changesAt)) - Date.now()).toBeLessThan(24 * 3_600_000);
  const caller = await app.withScopes('users:read', 'segments:read');
  const { user: seen } = await app.run(ExplainConditions, { uid: 'u1' }, caller);
  expect(seen?.segments[0]?.explanation[2]?.condition).toBe(`is on list "${list.id}"`);
  // It reveals when events happened, and when lists were joined.
  await expect(app.run(Explain, { uid: 'u1' }, caller)).rejects.toThrow('events:read and lists:read');
});

it('is empty for a segment whose members were imported', async () => {
  await using app = await startApp();
  await addToSegment(app, await addSegment(app, 'Imported'), await addUser(app, { uid: 'u1' }));
  expect((await app.run(Explain, { uid: 'u1' })).user?.segments).toMatchObject([{ enteredAt: null, explanation: [] }]);
});

it('reads what a page of users needs with a number of statements that does not depend on the users', async () => {
  await using app = await startApp();
  const { id } = await defineSegment(app, 'Everybody', {});
  const ids = [];
  for (let index = 0; index < 5; index += 1) ids.push((await addUser(app)).id);
  await completeSegment(app, id, ids);
  const document = '{ users { nodes { segments { explanation { condition holds } } } } }';
  await app.send(document);
  const statements = await app.statementsOf(async () => {
    expect(JSON.stringify(await app.send(document))).toContain('everybody');
  });
  expect(statements).toHaveLength(4);
});
