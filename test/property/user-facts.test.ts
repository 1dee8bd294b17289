import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { Prisma } from '../../src/db/generated/client.ts';
import { labelOf, type ReadDb } from '../../src/db/statements.ts';
import { readEventNames } from '../../src/domain/events/event.ts';
import type { UserFacts } from '../../src/domain/users/filter/condition.ts';
import { needsOf, readUserFacts } from '../../src/domain/users/filter/facts.ts';
import { toCondition } from '../../src/domain/users/filter/filter.ts';
import { userFilter } from '../../src/domain/users/filter/input.ts';
import { startApp } from '../kit/app.ts';
import { type Choices, choicesOf } from '../kit/choices.ts';
import { filterGenerator } from '../kit/filters/generate-filter.ts';
import { insertPeople } from '../kit/filters/people.ts';
import { candidateInstants, somebodyInTime, timedFilter } from '../kit/filters/timed-filter.ts';
import { casesOf } from '../kit/test-size.ts';

const filterSchema = userFilter({ list: z.uuid(), segment: z.uuid() });

let app: Awaited<ReturnType<typeof startApp>>;

/** Most people have few events, some have hundreds with few names. */
const choices = choicesOf(7);
const people = Array.from({ length: 60 }, (_, place) => somebodyInTime(choices, place, place % 6 === 0 ? 900 : 12));

beforeAll(async () => {
  app = await startApp();
  await insertPeople(app, people);
});
afterAll(() => app[Symbol.asyncDispose]());

/** The database, which counts its statements by label. */
function counting(counts: Map<string, number>, namesAreKnown: boolean): ReadDb {
  const add = (text: string) => counts.set(labelOf(text) ?? '', (counts.get(labelOf(text) ?? '') ?? 0) + 1);
  return {
    query: (query, ...values) => {
      const statement = 'text' in query ? query : Prisma.sql(query, ...values);
      add(statement.text);
      return app.db.query(statement);
    },
    queryOnce: (statement, timeoutMs) => {
      add(statement.text);
      // More names than are read.
      if (!namesAreKnown && statement.text.includes('readEventNames'))
        return Promise.resolve(Array.from({ length: 2_000 }, (_, place) => ({ name: `name ${place}` }))) as never;
      return app.db.queryOnce(statement, timeoutMs);
    },
  };
}

/** Some people, some of them twice, and somebody who does not exist. */
function someIds({ percent, of }: Choices): string[] {
  const ids = people.filter(() => percent(30)).map(({ user }) => user.id);
  return [...ids, ...ids.filter(() => percent(10)), of(people).user.id, '01900000-0000-7000-8000-ffffffffffff'];
}

it('of users decide conditions as all data of the users does', { timeout: 600_000 }, async () => {
  const statements = new Map<string, number>();
  let [changing, lacking, holding] = [0, 0, 0];
  for (let seed = 1; seed <= casesOf(3_000); seed += 1) {
    const each = choicesOf(seed);
    const { below, of, percent } = each;
    const filters = Array.from({ length: 1 + below(4) }, () =>
      filterSchema.parse(percent(15) ? filterGenerator(each)(2) : timedFilter(each, below(3))),
    );
    const conditions = filters.map((filter) => toCondition(filter));
    const now = new Date(of(candidateInstants(of(people), filters[0] ?? {})));
    const ids = someIds(each);
    const db = counting(statements, percent(80));
    const read = await readUserFacts(db, app.workspaceId, ids, needsOf(conditions), { now });
    expect(read.now).toEqual(now);
    const expected = people.filter(({ user }) => ids.includes(user.id));
    expect([...read.users.keys()].sort()).toEqual(expected.map(({ user }) => user.id).sort());
    for (const [place, condition] of conditions.entries()) {
      const valuesOf = (factsOf: (person: UserFacts) => UserFacts | undefined) =>
        expected.map((person) => {
          const facts = factsOf(person);
          return { id: person.user.id, ...(facts && condition.evaluate(facts, now.getTime())) };
        });
      const values = valuesOf((person) => person);
      const filter = filters[place];
      expect({ seed, now, filter, values: valuesOf(({ user }) => read.users.get(user.id)) }).toEqual({
        seed,
        now,
        filter,
        values,
      });
      // The SQL of a condition is the other, independent definition.
      const scope = { workspaceId: app.workspaceId, now, eventNames: await readEventNames(app.db, app.workspaceId) };
      const rows = await app.db.$queryRaw<{ id: string }[]>`
        SELECT users.id FROM users WHERE users.workspace_id = ${app.workspaceId}::uuid AND users.id = ANY(${ids}::uuid[])
          AND ${condition.sql(scope, false)}`;
      const holds = values.filter((value) => value.holds).map(({ id }) => id);
      expect({ seed, now, filter, found: rows.map(({ id }) => id).sort() }).toEqual({
        seed,
        now,
        filter,
        found: holds.sort(),
      });
      changing += values.filter(({ due }) => due !== Number.POSITIVE_INFINITY).length;
      holding += holds.length;
    }
    lacking += expected.filter(
      (person) => (read.users.get(person.user.id)?.events.length ?? 0) < person.events.length,
    ).length;
  }
  expect(Math.min(changing, lacking, holding)).toBeGreaterThan(casesOf(5_000));
  for (const label of ['readDecisiveEvents', 'readDecisiveEventsByContent']) {
    expect({ label, count: statements.get(label) ?? 0 }).toEqual({
      label,
      count: expect.toSatisfy((count) => count > casesOf(300)),
    });
  }
});
