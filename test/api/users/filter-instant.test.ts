import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { graphql } from '../../generated/gql.ts';
import type { UserFilter } from '../../generated/graphql.ts';
import { startApp } from '../../kit/app.ts';
import { addList, addSegment, addToList, addToSegment, addUser } from '../../kit/factories.ts';

const UsersAtOneInstant = graphql(`
  query UsersAtOneInstant($where: UserFilter, $list: ID!, $segment: ID!) {
    one: users(first: 30, where: $where) { totalCount nodes { uid } }
    other: users(first: 30, where: $where) { totalCount nodes { uid } }
    list(id: $list) { members(first: 30, where: $where) { totalCount edges { node { uid } } } }
    segment(id: $segment) { members(first: 30, where: $where) { totalCount nodes { uid } } }
  }
`);

const HOUR = 60 * 60 * 1000;
const START = Date.UTC(2026, 0, 1);

let app: Awaited<ReturnType<typeof startApp>>;
let ids: { list: string; segment: string };
beforeAll(async () => {
  app = await startApp();
  const list = await addList(app);
  const segment = await addSegment(app, 'A segment');
  ids = { list: list.globalId, segment: segment.globalId };
  // One signs up every hour, from 10 hours before the start on.
  for (let hour = -10; hour < 20; hour += 1) {
    const user = await addUser(app, { uid: `u${hour}`, createdAt: new Date(START + hour * HOUR) });
    await addToList(app, list, user);
    await addToSegment(app, segment, user);
  }
});
afterAll(() => app[Symbol.asyncDispose]());
afterEach(() => void vi.unstubAllGlobals());

/** Lets an hour pass each time that the gateway reads the time. */
function letTimePass(): { reads: number } {
  const clock = { reads: 0 };
  const read = () => {
    clock.reads += 1;
    return START + (clock.reads - 1) * HOUR;
  };
  const { Date: RealDate } = globalThis;
  class PassingDate extends RealDate {
    constructor(value: string | number | Date = read()) {
      super(value);
    }
    static override now = read;
  }
  vi.stubGlobal('Date', PassingDate);
  return clock;
}

describe('The filters and counts of an operation', () => {
  it.each<[string, UserFilter]>([
    ['within', { createdAt: { within: 'PT3H' } }],
    ['before', { createdAt: { before: 'PT1H' } }],
    [
      'within and before, nested',
      { not: { or: [{ createdAt: { within: 'PT2H' } }, { createdAt: { before: 'PT5H' } }] } },
    ],
  ])('refer to one instant with %s, however long it takes', async (_name, where) => {
    const clock = letTimePass();
    const { one, other, list, segment } = await app.run(UsersAtOneInstant, { where, ...ids });
    vi.unstubAllGlobals();
    const expected = one.nodes.map(({ uid }) => uid).toSorted();
    expect(clock.reads).toBeGreaterThan(0);
    // A user more or less matches at another time.
    expect(expected.length).toBeGreaterThan(0);
    expect(expected.length).toBeLessThan(30);
    const found = [
      one,
      other,
      { ...list?.members, nodes: list?.members.edges.map(({ node }) => node) },
      { ...segment?.members, nodes: segment?.members.nodes },
    ];
    for (const { totalCount, nodes } of found) {
      expect({ totalCount, uids: nodes?.map(({ uid }) => uid).toSorted() }).toEqual({
        totalCount: expected.length,
        uids: expected,
      });
    }
  });
});
