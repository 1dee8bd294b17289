import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ReadDb } from '../../src/db/client.ts';
import type { Page, Position } from '../../src/db/reading/keyset.ts';
import { readOrderedPage } from '../../src/db/reading/ordered/page.ts';
import { toCondition } from '../../src/domain/users/filter/filter.ts';
import { userFilter } from '../../src/domain/users/filter/input.ts';
import { matchingUsers } from '../../src/domain/users/query.ts';
import { choicesOf } from '../kit/choices.ts';
import { filterGenerator } from '../kit/filters/generate-filter.ts';
import { NOW, usePeople } from '../kit/filters/people.ts';
import { someOrder, sortPeople } from '../kit/filters/sort-people.ts';
import { slowStatement } from '../kit/statements.ts';
import { casesOf } from '../kit/test-size.ts';

const filterSchema = userFilter({ list: z.uuid(), segment: z.uuid() });

/** The plan that is tried first has at most this time in ms. */
const MAX_FIRST_PLAN_MS = 750;

/** The database, in which plans for the first rows of a page are too slow. */
const planningForAllRows = (db: ReadDb): ReadDb => ({
  ...(db.indexes ? { indexes: db.indexes } : {}),
  query: (query, ...values) => db.query(query, ...values),
  queryOnce: (statement, timeoutMs) =>
    timeoutMs === undefined || timeoutMs > MAX_FIRST_PLAN_MS ? db.queryOnce(statement) : db.queryOnce(slowStatement, 1),
});

describe.each([false, true])('Pages of a filter in any order, with all indexes: %s', (hasAllIndexes) => {
  const site = usePeople({ seed: 2, count: 80, hasAllIndexes });
  const { people } = site;

  it('are those of the sorted users, forward and backward', { timeout: 600_000 }, async () => {
    for (let seed = 1; seed <= casesOf(1_000) / (hasAllIndexes ? 2 : 1); seed += 1) {
      const choices = choicesOf(seed);
      const order = choices.percent(10) ? undefined : someOrder(choices);
      const where = filterSchema.parse(choices.percent(50) ? {} : filterGenerator(choices)(2));
      const condition = toCondition(where);
      const expected = sortPeople(
        people.filter((facts) => condition.evaluate(facts, NOW.getTime()).holds),
        order,
      ).map(({ user }) => user.id);
      const source = matchingUsers(site.app.workspaceId, { where, orderBy: order }, NOW);
      for (const from of ['start', 'end'] as const) {
        const size = 1 + choices.below(30);
        const side = from === 'start' ? 'after' : 'before';
        const found: string[] = [];
        const positions: Position[] = [];
        let position: Position | undefined;
        for (;;) {
          const page: Page = { size, from, bound: position && { side, ...position }, withNeighbours: true };
          const { rows, hasNextPage, hasPreviousPage } = await readOrderedPage(
            seed % 2 === 0 ? site.app.db : planningForAllRows(site.app.db),
            source,
            page,
            new Set(['email']),
          );
          const ids = rows.map(({ id }) => id);
          if (from === 'start') found.push(...ids);
          else found.unshift(...ids);
          positions.push(...(from === 'start' ? rows : rows.toReversed()));
          const isLast = found.length >= expected.length;
          const neighbours = from === 'start' ? [hasNextPage, hasPreviousPage] : [hasPreviousPage, hasNextPage];
          expect({ seed, order, where, neighbours }).toMatchObject({ neighbours: [!isLast, position !== undefined] });
          position = from === 'start' ? rows.at(-1) : rows[0];
          if (isLast || !position) break;
        }
        expect({ seed, order, where, found }).toMatchObject({ found: expected });
        // The first rows before a position, and the last ones after it.
        const place = choices.below(expected.length);
        const opposite = positions[place];
        if (!opposite) continue;
        const bound = { side: from === 'start' ? ('before' as const) : ('after' as const), ...opposite };
        const between = await readOrderedPage(site.app.db, source, { size, from, bound, withNeighbours: true });
        const inOrder = from === 'start' ? expected : expected.toReversed();
        const ids = between.rows.map(({ id }) => id);
        expect({ seed, order, where, place, ids: from === 'start' ? ids : ids.toReversed() }).toMatchObject({
          ids: inOrder.slice(0, Math.min(place, size)),
        });
        const { hasNextPage, hasPreviousPage } = between;
        expect([hasNextPage, hasPreviousPage]).toEqual(from === 'start' ? [true, false] : [false, true]);
      }
    }
  });
});
