import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { pageIn, restOf } from '../../kit/rest.ts';

/** A value of each type, by the uid of the user who has it as attribute and as value of an event. */
const values = {
  text: 'pro',
  numeral: '5',
  date: '2026-01-01',
  withOffset: '2026-01-01T00:00:00+02:00',
  number: 5,
  large: 1e300,
  yes: true,
  no: false,
};
const withValue = Object.keys(values);
const all = [...withValue, 'none'];
const strings = ['text', 'numeral', 'date', 'withOffset'];

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp();
  await addUser(app, { uid: 'none' });
  for (const [uid, value] of Object.entries(values)) {
    const { id } = await addUser(app, { uid, meta: { value } });
    await app.db.$executeRaw`
      INSERT INTO events (workspace_id, id, user_id, name, value, timestamp)
      VALUES (${app.workspaceId}::uuid, gen_random_uuid(), ${id}::uuid, 'Paid', ${JSON.stringify(value)}::jsonb, now())`;
  }
});
afterAll(() => app[Symbol.asyncDispose]());

const data = z.object({ users: z.object({ totalCount: z.number(), nodes: z.array(z.object({ uid: z.string() })) }) });

/** The uids of the users who match, sorted. @throws where the response has errors. */
async function matching(where: object): Promise<string[]> {
  const query = 'query ($where: UserFilter) { users(first: 30, where: $where) { totalCount nodes { uid } } }';
  const answer = await app.send(query, { where });
  expect(answer.errors).toBeUndefined();
  const { totalCount, nodes } = data.parse(answer.data).users;
  expect(totalCount).toBe(nodes.length);
  return nodes.map(({ uid }) => uid).toSorted();
}

describe('A value of another type never matches and never raises:', () => {
  it.each<[string, object, string[]]>([
    ['string eq', { string: { eq: '5' } }, ['numeral']],
    ['string ne', { string: { ne: '5' } }, ['text', 'date', 'withOffset']],
    ['string in', { string: { in: ['5', 'true', 'pro'] } }, ['numeral', 'text']],
    ['string notIn', { string: { notIn: ['5'] } }, ['text', 'date', 'withOffset']],
    ['string contains', { string: { contains: '' } }, strings],
    ['string startsWith', { string: { startsWith: 't' } }, []],
    ['string endsWith', { string: { endsWith: '5' } }, ['numeral']],
    ['number eq', { number: { eq: 5 } }, ['number']],
    ['number ne', { number: { ne: 5 } }, ['large']],
    ['number in', { number: { in: [5, 1] } }, ['number']],
    ['number notIn', { number: { notIn: [1] } }, ['number', 'large']],
    ['number lt', { number: { lt: 1000 } }, ['number']],
    ['number gte', { number: { gte: -1 } }, ['number', 'large']],
    ['boolean true', { boolean: { eq: true } }, ['yes']],
    ['boolean false', { boolean: { eq: false } }, ['no']],
    ['dateTime eq', { dateTime: { eq: '2026-01-01T00:00:00Z' } }, ['date']],
    ['dateTime ne', { dateTime: { ne: '2020-01-01T00:00:00Z' } }, ['date']],
    ['dateTime lt', { dateTime: { lt: '9999-01-01T00:00:00Z' } }, ['date']],
    ['dateTime before', { dateTime: { before: 'PT1M' } }, ['date']],
  ])('%s', async (_name, condition, uids) => {
    const attribute = { meta: [{ key: 'value', ...condition }] };
    const event = { events: [{ name: { eq: 'Paid' }, value: condition }] };
    for (const where of [attribute, event]) {
      expect(await matching(where)).toEqual(uids.toSorted());
      expect(await matching({ not: where })).toEqual(all.filter((uid) => !uids.includes(uid)).toSorted());
    }
  });

  it.each([
    ['string', strings],
    ['boolean', ['yes', 'no']],
    ['dateTime', ['date']],
  ])('%s isNull counts it as missing', async (type, uids) => {
    const isNull = (value: boolean) => ({ meta: [{ key: 'value', [type]: { isNull: value } }] });
    expect(await matching(isNull(false))).toEqual(uids.toSorted());
    expect(await matching(isNull(true))).toEqual(all.filter((uid) => !uids.includes(uid)).toSorted());
  });
});

describe('An empty `and` matches all users, an empty `in` and an empty `or` none:', () => {
  it.each<[string, object, 'all' | 'none']>([
    ['no condition', {}, 'all'],
    ['and', { and: [] }, 'all'],
    ['and of nothing', { and: [{}] }, 'all'],
    ['or', { or: [] }, 'none'],
    ['or of nothing', { or: [{}] }, 'all'],
    ['and in or', { or: [{ and: [] }] }, 'all'],
    ['or in and', { and: [{ or: [] }] }, 'none'],
    ['not of nothing', { not: {} }, 'none'],
    ['not and', { not: { and: [] } }, 'none'],
    ['not or', { not: { or: [] } }, 'all'],
    ['or next to a condition that holds', { or: [], uid: { ne: 'x' } }, 'none'],
    ['in of a text', { uid: { in: [] } }, 'none'],
    ['not in of a text', { not: { uid: { in: [] } } }, 'all'],
    ['notIn of a text', { uid: { notIn: [] } }, 'all'],
    ['in of an attribute', { meta: [{ key: 'value', string: { in: [] } }] }, 'none'],
    ['in of a number', { meta: [{ key: 'value', number: { in: [] } }] }, 'none'],
    ['no conditions on attributes', { meta: [] }, 'all'],
    ['no conditions on events', { events: [] }, 'all'],
    ['in of the name of events', { events: [{ name: { in: [] } }] }, 'none'],
    ['in of a value of events', { events: [{ name: { eq: 'Paid' }, value: { string: { in: [] } } }] }, 'none'],
    ['no lists', { lists: { some: { listIds: [] } } }, 'none'],
    ['not in no lists', { lists: { none: { listIds: [] } } }, 'all'],
    ['no segments', { segments: { some: { segmentIds: [] } } }, 'none'],
  ])('%s', async (_name, where, expected) => {
    expect(await matching(where)).toEqual(expected === 'all' ? all.toSorted() : []);
  });

  it('also in REST', async () => {
    const uidsOf = async (where: object) => pageIn((await restOf(app).post('/v1/users/search', { where })).body).uids;
    expect(await uidsOf({ and: [] })).toHaveLength(all.length);
    expect(await uidsOf({ or: [] })).toEqual([]);
    expect(await uidsOf({ uid: { in: [] } })).toEqual([]);
  });
});
