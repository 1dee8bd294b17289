import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ReadDb } from '../../src/db/client.ts';
import { Prisma } from '../../src/db/generated/client.ts';
import type { Page, Position } from '../../src/db/reading/keyset.ts';
import { readOrderedPage } from '../../src/db/reading/ordered.ts';
import { toOrderedInstant } from '../../src/domain/filter/instants.ts';
import { fold } from '../../src/domain/filter/texts.ts';
import { attributeOf } from '../../src/domain/filter/values.ts';
import { MAX_STORED_TEXT_LENGTH } from '../../src/domain/shared/limits.ts';
import type { UserFacts } from '../../src/domain/users/filter/condition.ts';
import { toCondition } from '../../src/domain/users/filter/filter.ts';
import { userFilter } from '../../src/domain/users/filter/input.ts';
import { type UserOrder, userOrderFields } from '../../src/domain/users/order.ts';
import { matchingUsers } from '../../src/domain/users/query.ts';
import { choicesOf } from '../kit/choices.ts';
import { declaredTypes } from '../kit/filters/declared.ts';
import { filterGenerator } from '../kit/filters/generate-filter.ts';
import { NOW, usePeople } from '../kit/filters/people.ts';
import { casesOf } from '../kit/test-size.ts';

const filterSchema = userFilter({ list: z.uuid(), segment: z.uuid() });

const site = usePeople({ seed: 2, count: 80 });
const { people } = site;

const sortValueOf: Record<(typeof userOrderFields)[number], (facts: UserFacts) => string | null> = {
  CREATED_AT: ({ user }) => user.createdAt,
  UPDATED_AT: ({ user }) => user.updatedAt,
  UID: ({ user }) => fold(user.uid),
  EMAIL: ({ user }) => user.email && fold(user.email),
  FIRST_NAME: ({ user }) => user.firstName && fold(user.firstName),
  LAST_NAME: ({ user }) => user.lastName && fold(user.lastName),
  LAST_EVENT_AT: ({ events }) =>
    events
      .map(({ timestamp }) => timestamp)
      .sort()
      .at(-1) ?? null,
};

const declaredAttributes = Object.entries(declaredTypes).map(([key, type]) => ({ key, type }));

/** Compares numbers, or texts by their bytes in UTF-8, as the collation "C" does. */
const compare = (one: string | number, other: string | number) =>
  typeof one === 'number' && typeof other === 'number'
    ? one - other
    : Buffer.compare(Buffer.from(`${one}`), Buffer.from(`${other}`));

type SortValue = string | number | null;

/** The value of a user in an order. */
function sortValue(order: UserOrder | undefined, facts: UserFacts): SortValue {
  if (!order) return '';
  if (order.field) return sortValueOf[order.field](facts);
  const { key, type } = order.attribute ?? { key: '', type: 'STRING' };
  const value = attributeOf(facts.user.meta, key);
  if (typeof value === 'number') return type === 'NUMBER' ? value : null;
  if (typeof value !== 'string' || type === 'NUMBER') return null;
  return type === 'STRING'
    ? Array.from(fold(value)).slice(0, MAX_STORED_TEXT_LENGTH).join('')
    : toOrderedInstant(value);
}

/** Sorts users as an order says, in memory. */
function sorted(users: readonly UserFacts[], order: UserOrder | undefined): UserFacts[] {
  const factor = order ? (order.direction === 'DESC' ? -1 : 1) : -1;
  const nullFactor = order?.nulls === 'FIRST' ? -1 : 1;
  return users.toSorted((one, other) => {
    const [first, second] = [sortValue(order, one), sortValue(order, other)];
    if ((first === null) !== (second === null)) return first === null ? nullFactor : -nullFactor;
    return factor * (compare(first ?? '', second ?? '') || compare(one.user.id, other.user.id));
  });
}

/** The database, in which plans for the first rows of a page are too slow. */
const planningForAllRows = (): ReadDb => ({
  query: (query, ...values) => site.app.db.query(query, ...values),
  queryOnce: (statement, timeoutMs) =>
    timeoutMs === undefined
      ? site.app.db.queryOnce(statement)
      : site.app.db.queryOnce(Prisma.sql`/* slow */ SELECT pg_sleep(${1}::int)`, 1),
});

describe('Pages of a filter in any order', () => {
  it('are those of the sorted users, forward and backward', { timeout: 600_000 }, async () => {
    for (let seed = 1; seed <= casesOf(1_000); seed += 1) {
      const choices = choicesOf(seed);
      const order: UserOrder | undefined = choices.percent(10)
        ? undefined
        : {
            ...(choices.percent(40)
              ? { attribute: choices.of(declaredAttributes) }
              : { field: choices.of(userOrderFields) }),
            direction: choices.of(['ASC', 'DESC', undefined]),
            nulls: choices.of(['FIRST', 'LAST', undefined]),
          };
      const where = filterSchema.parse(choices.percent(50) ? {} : filterGenerator(choices)(2));
      const condition = toCondition(where);
      const expected = sorted(
        people.filter((facts) => condition.holds(facts, NOW.getTime())),
        order,
      ).map(({ user }) => user.id);
      const source = matchingUsers(site.app.workspaceId, { where, orderBy: order }, NOW);
      for (const from of ['start', 'end'] as const) {
        const size = 1 + choices.below(30);
        const side = from === 'start' ? 'after' : 'before';
        const found: string[] = [];
        let position: Position | undefined;
        for (;;) {
          const page: Page = { size, from, bound: position && { side, ...position }, withNeighbours: true };
          const { rows, hasNextPage, hasPreviousPage } = await readOrderedPage(
            seed % 2 === 0 ? site.app.db : planningForAllRows(),
            source,
            page,
            new Set(['email']),
          );
          const ids = rows.map(({ id }) => id);
          if (from === 'start') found.push(...ids);
          else found.unshift(...ids);
          const isLast = found.length >= expected.length;
          const neighbours = from === 'start' ? [hasNextPage, hasPreviousPage] : [hasPreviousPage, hasNextPage];
          expect({ seed, order, where, neighbours }).toMatchObject({ neighbours: [!isLast, position !== undefined] });
          position = from === 'start' ? rows.at(-1) : rows[0];
          if (isLast || !position) break;
        }
        expect({ seed, order, where, found }).toMatchObject({ found: expected });
      }
    }
  });
});
