import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ReadDb } from '../../src/db/client.ts';
import { Prisma } from '../../src/db/generated/client.ts';
import { countOrdered } from '../../src/db/reading/count.ts';
import type { Page, Position } from '../../src/db/reading/keyset.ts';
import { readOrderedPage } from '../../src/db/reading/ordered/page.ts';
import type { UserFacts } from '../../src/domain/users/filter/condition.ts';
import { toCondition } from '../../src/domain/users/filter/filter.ts';
import { userFilter } from '../../src/domain/users/filter/input.ts';
import { matchingUsers } from '../../src/domain/users/query.ts';
import { parseSearch } from '../../src/domain/users/search.ts';
import type { User } from '../../src/domain/users/user.ts';
import { startApp } from '../kit/app.ts';
import { type Choices, choicesOf } from '../kit/choices.ts';
import { filterGenerator } from '../kit/filters/generate-filter.ts';
import { insertPeople, NOW, somebody } from '../kit/filters/people.ts';
import { someFieldOrder, sortPeople } from '../kit/filters/sort-people.ts';
import { slowStatement } from '../kit/statements.ts';
import { casesOf } from '../kit/test-size.ts';

const filterSchema = userFilter({ list: z.uuid(), segment: z.uuid() });

const words = [
  'ada',
  'Adaeze',
  'ADA',
  'Łódź',
  'lodz',
  'Zoë',
  'zo',
  'Жанна',
  'жан',
  'Ёлка',
  'Σας',
  'ΣΑΣ',
  'σα',
  '日本',
  '日',
  'ß',
  'sst',
].concat(['İ', 'ırmak', 'x😀y', 'O’Brien', 'jean-luc', 'a', '12', '123', '1234', '한국', '한', 'ﬁn', 'Æsir', 'þor']);
// The last two are not in E.164: the gateway does not write such numbers, but an import into the database can.
const numbers = ['+2348012345678', '+23480123', '+12341234', '+44123412', '+33612345678', '5'].concat([
  '+49 (170) 123-456',
  `${'1'.repeat(98)}234567`,
]);

/** A user whose names, uid, e-mail address and number have words that searches are made of. */
function findable(choices: Choices, place: number): UserFacts {
  const { below, percent, of } = choices;
  const facts = somebody(choices, place);
  const text = () => Array.from({ length: 1 + below(3) }, () => of(words)).join(of([' ', '-', '  ']));
  const maybe = (value: string) => (percent(25) ? null : value);
  const user: User = {
    ...facts.user,
    uid: `${of(words)}_${place}`,
    firstName: maybe(text()),
    lastName: maybe(text()),
    email: maybe(`${of(words)}.${of(words)}@${of(['example.com', 'mail.example', 'Ada.example'])}`),
    number: maybe(of(numbers)),
  };
  return { ...facts, user };
}

const choices = choicesOf(16);
const people = Array.from({ length: 120 }, (_, place) => findable(choices, place));

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp();
  await insertPeople(app, people);
  await insertPeople(sparse(), people);
  // Among the newest users, nobody matches a search: a uid without letters and digits has no words.
  await app.db.$executeRaw`
    INSERT INTO users (workspace_id, id, uid, created_at, updated_at)
    SELECT ${sparse().workspaceId}::uuid, ('ffffffff-ffff-7fff-bfff-' || lpad(to_hex(n), 12, '0'))::uuid, repeat('~', n), now(), now()
    FROM generate_series(1, 250) AS n`;
});
afterAll(() => app[Symbol.asyncDispose]());

/** A workspace in which those who match seem to be few. */
const sparse = () => ({ db: app.db, workspaceId: app.stranger.workspaceId });

/** A search: parts of words that users have, in any case, or of a number. */
function someSearch({ below, percent, of }: Choices): string {
  const part = () => {
    const word = of([...words, ...words, ...numbers, 'example', 'com', 'nobody', '7', '999']);
    const digits = word.replaceAll(/\D/g, '');
    if (/^\+?[\d ()-]+$/.test(word) && percent(70)) return digits.slice(below(4), 2 + below(12));
    const characters = Array.from(word);
    const cut = percent(50) ? word : characters.slice(0, 1 + below(characters.length)).join('');
    return percent(30) ? cut.toUpperCase() : cut;
  };
  return Array.from({ length: below(4) }, part).join(of([' ', '  ', '.', ' @']));
}

/** The plan that is tried first has at most this time in ms. */
const MAX_FIRST_PLAN_MS = 750;

/** The database, in which a kind of plan is too slow. */
const withoutFirstPlan = (): ReadDb => ({
  query: (query, ...values) => app.db.query(query, ...values),
  queryOnce: (statement, timeoutMs) =>
    timeoutMs === undefined || timeoutMs > MAX_FIRST_PLAN_MS
      ? app.db.queryOnce(statement)
      : app.db.queryOnce(slowStatement, 1),
});

describe('A search', () => {
  it('finds the users that it holds for, exact matches first, page by page in both directions', {
    timeout: 600_000,
  }, async () => {
    let found = 0;
    let ofBothKinds = 0;
    const cases = casesOf(1_000);
    for (let seed = 1; seed <= cases; seed += 1) {
      const own = choicesOf(seed);
      const search = someSearch(own);
      const where = filterSchema.parse(own.percent(70) ? {} : filterGenerator(own)(1));
      const parsed = parseSearch(search);
      const condition = toCondition(where);
      const order = own.percent(30) ? someFieldOrder(own) : undefined;
      const holds = (facts: UserFacts) =>
        (parsed?.condition.evaluate(facts, NOW.getTime()).holds ?? true) &&
        condition.evaluate(facts, NOW.getTime()).holds;
      const matching = sortPeople(people.filter(holds), order).map(({ user }) => user);
      const isExact = (user: User) => parsed?.isExactFor(user) ?? true;
      const byRelevance = [...matching.filter(isExact), ...matching.filter((user) => !isExact(user))];
      const expected = (order ? matching : byRelevance).map(({ id }) => id);
      if (parsed && expected.length > 0 && expected.length < people.length) found += 1;
      if (matching.some(isExact) && !matching.every(isExact)) ofBothKinds += 1;
      const db = seed % 3 === 0 ? withoutFirstPlan() : app.db;
      const isSparse = parsed !== undefined && Object.keys(where).length === 0;
      const { workspaceId } = isSparse ? sparse() : app;
      const source = matchingUsers(workspaceId, { where, search, orderBy: order }, NOW);
      for (const from of ['start', 'end'] as const) {
        const pages = await readAll(db, source, from, 1 + own.below(30), expected.length);
        expect({ seed, search, where, order, ...pages }).toEqual({
          seed,
          search,
          where,
          order,
          ids: expected,
          wrongNeighbours: [],
          wrongBetween: false,
        });
      }
      const { count } = await countOrdered(app.db, source, { maximum: 1_000, budgetMs: 5_000 });
      expect({ seed, search, count }).toEqual({ seed, search, count: expected.length });
    }
    expect(found).toBeGreaterThan(cases / 3);
    expect(ofBothKinds).toBeGreaterThan(cases / 10);
  });

  it('holds, or does not hold, in SQL as in memory', { timeout: 600_000 }, async () => {
    for (let seed = 1; seed <= casesOf(500); seed += 1) {
      const search = parseSearch(someSearch(choicesOf(seed + 10_000)));
      if (!search) continue;
      const scope = { workspaceId: app.workspaceId, now: NOW };
      for (const isNegated of [false, true]) {
        const rows = await app.db.$queryRaw<{ id: string }[]>(Prisma.sql`
          SELECT users.id FROM users
          WHERE users.workspace_id = ${app.workspaceId}::uuid AND ${search.condition.sql(scope, isNegated)}`);
        const expected = people.filter((facts) => search.condition.evaluate(facts, NOW.getTime()).holds !== isNegated);
        expect({ seed, ids: rows.map(({ id }) => id).toSorted() }).toEqual({
          seed,
          ids: expected.map(({ user }) => user.id).toSorted(),
        });
      }
    }
  });
});

/** Reads all pages, and the pages whose neighbours are wrong. */
async function readAll(
  db: ReadDb,
  source: ReturnType<typeof matchingUsers>,
  from: 'start' | 'end',
  size: number,
  total: number,
): Promise<{ ids: string[]; wrongNeighbours: number[]; wrongBetween: boolean }> {
  const side = from === 'start' ? 'after' : 'before';
  const ids: string[] = [];
  const wrongNeighbours: number[] = [];
  const positions: Position[] = [];
  let position: Position | undefined;
  for (;;) {
    const page: Page = { size, from, bound: position && { side, ...position }, withNeighbours: true };
    const { rows, hasNextPage, hasPreviousPage } = await readOrderedPage(db, source, page, new Set(['email']));
    const idsOfPage = rows.map(({ id }) => id);
    if (from === 'start') ids.push(...idsOfPage);
    else ids.unshift(...idsOfPage);
    positions.push(...(from === 'start' ? rows : rows.toReversed()));
    const isLast = ids.length >= total;
    const neighbours = from === 'start' ? [hasNextPage, hasPreviousPage] : [hasPreviousPage, hasNextPage];
    if (neighbours[0] === isLast || neighbours[1] !== (position !== undefined)) wrongNeighbours.push(ids.length);
    position = from === 'start' ? rows.at(-1) : rows[0];
    if (isLast || !position)
      return { ids, wrongNeighbours, wrongBetween: await isWrongBetween(db, source, from, positions) };
  }
}

/** Whether the page up to the row in the middle, from the same end, has other rows than those before it. */
async function isWrongBetween(
  db: ReadDb,
  source: ReturnType<typeof matchingUsers>,
  from: 'start' | 'end',
  positions: readonly Position[],
): Promise<boolean> {
  const place = positions.length >> 1;
  const middle = positions[place];
  if (!middle) return false;
  const bound = { side: from === 'start' ? ('before' as const) : ('after' as const), ...middle };
  const { rows } = await readOrderedPage(
    db,
    source,
    { size: 5, from, bound, withNeighbours: true },
    new Set(['email']),
  );
  const found = (from === 'start' ? rows : rows.toReversed()).map(({ id }) => id);
  return (
    found.join() !==
    positions
      .slice(0, Math.min(place, 5))
      .map(({ id }) => id)
      .join()
  );
}
