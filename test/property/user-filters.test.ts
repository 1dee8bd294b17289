import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ReadDb } from '../../src/db/client.ts';
import { Prisma } from '../../src/db/generated/client.ts';
import { toCondition } from '../../src/domain/users/filter/filter.ts';
import { userFilter } from '../../src/domain/users/filter/input.ts';
import { matchingUsers } from '../../src/domain/users/query.ts';
import { choicesOf } from '../kit/choices.ts';
import { declaredTypes } from '../kit/filters/declared.ts';
import { filterGenerator } from '../kit/filters/generate-filter.ts';
import { NOW, usePeople } from '../kit/filters/people.ts';
import { casesOf } from '../kit/test-size.ts';

const filterSchema = userFilter({ list: z.uuid(), segment: z.uuid() });

/** The keys that are declared with the type of one of the conditions; all declared keys, if there is none. */
function keysFor(conditions: Record<string, unknown>): string[] {
  const types = { STRING: 'string', NUMBER: 'number', DATE_TIME: 'dateTime' };
  const declared = Object.entries(declaredTypes);
  const fitting = declared.filter(([, type]) => types[type] in conditions);
  return (fitting.length > 0 ? fitting : declared).map(([key]) => key);
}

describe.each([false, true])('A filter compiled to SQL, with all indexes: %s', (hasAllIndexes) => {
  const site = usePeople({ seed: 1, count: 150, hasAllIndexes });
  const { people } = site;

  /** The ids of the users for which a filter holds in memory, in order. */
  function expectedOf(input: unknown): string[] {
    const condition = toCondition(filterSchema.parse(input));
    const matching = people.filter((facts) => condition.evaluate(facts, NOW.getTime()).holds);
    return matching.map(({ user }) => user.id).sort();
  }

  /** The parts of WHERE by which pages find the users of a filter. */
  async function armsOf(input: unknown, isAscending: boolean, db: ReadDb = site.app.db): Promise<Prisma.Sql[]> {
    const source = matchingUsers(site.app.workspaceId, { where: filterSchema.parse(input) }, NOW);
    const { arms } = await source.conditions(db);
    return arms?.({ isAscending, within: () => Prisma.empty }) ?? [];
  }

  /** The database, in which each range of a declared attribute has too many users to read them all at once. */
  const withLargeRanges = (): ReadDb => ({
    query: (query, ...values) => site.app.db.query(query, ...values),
    queryOnce: async (statement, timeoutMs) => {
      const rows = await site.app.db.queryOnce<object[]>(statement, timeoutMs);
      const isRange = statement.text.includes('readStoredRanges');
      return (isRange ? rows.map((row) => ({ ...row, userIds: null })) : rows) as never;
    },
  });

  async function foundBy(arms: readonly Prisma.Sql[]): Promise<string[]> {
    const byArm = await Promise.all(
      arms.map((arm) => site.app.db.$queryRaw<{ id: string }[]>`SELECT users.id FROM users WHERE ${arm}`),
    );
    return [...new Set(byArm.flat().map(({ id }) => id))].sort();
  }

  const isSelective = ({ length }: string[]) => length > 0 && length < people.length;

  it('matches the users for which it holds in memory', { timeout: 600_000 }, async () => {
    let matched = 0;
    const cases = casesOf(5_000) / (hasAllIndexes ? 2 : 1);
    for (let seed = 1; seed <= cases; seed += 1) {
      const input = filterGenerator(choicesOf(seed))(3);
      const condition = toCondition(filterSchema.parse(input), { indexes: site.app.db.indexes });
      const scope = { workspaceId: site.app.workspaceId, now: NOW };
      const expected = expectedOf(input);
      for (const isNegated of [false, true]) {
        const rows = await site.app.db.$queryRaw<{ id: string }[]>(Prisma.sql`
          SELECT users.id FROM users
          WHERE users.workspace_id = ${site.app.workspaceId}::uuid AND ${condition.sql(scope, isNegated)}`);
        const found = new Set(rows.map(({ id }) => id));
        const wrong = people.filter(({ user }) => found.has(user.id) === (expected.includes(user.id) === isNegated));
        expect({ seed, isNegated, wrong, input: wrong.length > 0 ? input : undefined }).toEqual({
          seed,
          isNegated,
          wrong: [],
          input: undefined,
        });
      }
      const found = await foundBy(await armsOf(input, seed % 2 === 0));
      expect({ seed, input, found }).toEqual({ seed, input, found: expected });
      if (isSelective(expected)) matched += 1;
    }
    expect(matched).toBeGreaterThan(cases / 3);
  });

  it('finds users by the values of declared attributes', { timeout: 600_000 }, async () => {
    let matched = 0;
    const cases = casesOf(5_000);
    for (let seed = 1; seed <= cases; seed += 1) {
      const choices = choicesOf(seed);
      const input = filterGenerator(choices, (conditions) => choices.of(keysFor(conditions)))(seed % 2);
      const large = await armsOf(input, seed % 4 < 2, withLargeRanges());
      if (!large.some(({ text }) => text.includes('attribute_values'))) continue;
      const small = await armsOf(input, seed % 4 < 2);
      expect(small.some(({ text }) => text.includes('attribute_values'))).toBe(false);
      const expected = expectedOf(input);
      for (const arms of [small, large]) {
        const found = await foundBy(arms);
        expect({ seed, input, found }).toEqual({ seed, input, found: expected });
      }
      if (isSelective(expected)) matched += 1;
    }
    expect(matched).toBeGreaterThan(cases / 20);
  });
});
