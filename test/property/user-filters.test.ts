import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Prisma } from '../../src/db/generated/client.ts';
import { toCondition } from '../../src/domain/users/filter/filter.ts';
import { userFilter } from '../../src/domain/users/filter/input.ts';
import { matchingUsers } from '../../src/domain/users/query.ts';
import { choicesOf } from '../kit/choices.ts';
import { filterGenerator } from '../kit/filters/generate-filter.ts';
import { NOW, usePeople } from '../kit/filters/people.ts';
import { casesOf } from '../kit/test-size.ts';

const filterSchema = userFilter({ list: z.uuid(), segment: z.uuid() });

describe.each([false, true])('A filter compiled to SQL, with all indexes: %s', (hasAllIndexes) => {
  const site = usePeople({ seed: 1, count: 150, hasAllIndexes });
  const { people } = site;

  it('matches the users for which it holds in memory', { timeout: 600_000 }, async () => {
    let matched = 0;
    const cases = casesOf(5_000) / (hasAllIndexes ? 2 : 1);
    for (let seed = 1; seed <= cases; seed += 1) {
      const input = filterGenerator(choicesOf(seed))(3);
      const condition = toCondition(filterSchema.parse(input), { indexes: site.app.db.indexes });
      const scope = { workspaceId: site.app.workspaceId, now: NOW };
      const expected = people.filter((facts) => condition.holds(facts, NOW.getTime())).map(({ user }) => user.id);
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
      // The same by the parts of WHERE by which pages find users.
      const source = matchingUsers(site.app.workspaceId, { where: filterSchema.parse(input) }, NOW);
      const { arms: armsOf } = await source.conditions(site.app.db);
      const arms = armsOf?.({ isAscending: seed % 2 === 0, within: () => Prisma.empty }) ?? [];
      const byArm = await Promise.all(
        arms.map((arm) => site.app.db.$queryRaw<{ id: string }[]>`SELECT users.id FROM users WHERE ${arm}`),
      );
      const found = [...new Set(byArm.flat().map(({ id }) => id))].sort();
      expect({ seed, input, found }).toEqual({ seed, input, found: expected.toSorted() });
      if (expected.length > 0 && expected.length < people.length) matched += 1;
    }
    expect(matched).toBeGreaterThan(cases / 3);
  });
});
