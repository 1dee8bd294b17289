import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defaultLimits } from '../../../src/config/limits.ts';
import type { Scope } from '../../../src/domain/shared/scopes.ts';
import { type Answer, startApp } from '../../kit/app.ts';
import { rowGlobalId, seedEvents, seedListMembers, seedUsers, tens } from '../../kit/seed-rows.ts';
import { variant } from '../../kit/variant.ts';

const LIST = rowGlobalId('List', 1);

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp();
  await seedUsers(app, tens(9));
  await seedListMembers(app, 1, [10, 20]);
  await seedEvents(app, 30, [1, 2], 'Paid');
});
afterAll(() => app[Symbol.asyncDispose]());

const QUERY = 'query ($where: UserFilter) { users(where: $where) { nodes { uid } } }';

const ask = (where: unknown, caller = app.owner) => app.send(QUERY, { where }, caller);

const data = z.object({ users: z.object({ nodes: z.array(z.object({ uid: z.string() })) }) });

const uidsOf = (answer: Answer) => data.parse(answer.data).users.nodes.map(({ uid }) => uid);

const errorOf = ({ errors }: Answer) => errors?.[0];

describe('A filter', () => {
  it('never matches users of another workspace', async () => {
    expect(uidsOf(await ask({ lists: { some: { listIds: [LIST] } } }))).toEqual(['u20', 'u10']);
    for (const where of [
      {},
      { lists: { some: { listIds: [LIST] } } },
      { events: [{ name: { eq: 'Paid' } }] },
      { lists: { none: {} } },
    ]) {
      expect(uidsOf(await ask(where, app.stranger.owner))).toEqual([]);
    }
  });

  const scoped: [unknown, Scope][] = [
    [{ events: [{ name: { eq: 'Paid' } }] }, 'events:read'],
    [{ or: [{ not: { events: [] } }] }, 'events:read'],
    [{ lists: { none: {} } }, 'lists:read'],
    [{ and: [{}, { segments: { some: {} } }] }, 'segments:read'],
  ];

  it.each(scoped)('%j requires the scope %s', async (where, scope) => {
    const error = errorOf(await ask(where, await app.withScopes('users:read')));
    expect(error?.extensions).toMatchObject({
      code: 'FORBIDDEN',
      requiredScopes: [scope],
      missing: [{ path: ['users'], scope }],
    });
    expect((await ask(where, await app.withScopes('users:read', scope))).errors).toBeUndefined();
  });

  it('in the document requires the same scopes as in a variable', async () => {
    const caller = await app.withScopes('users:read');
    const literal = '{ users(where: { not: { events: [{ name: { eq: "Paid" } }] } }) { nodes { uid } } }';
    expect(errorOf(await app.send(literal, {}, caller))?.message).toBe(
      'UserFilter.events requires the scope events:read.',
    );
    const nested = 'query ($e: [EventCondition!]) { users(where: { events: $e }) { nodes { uid } } }';
    expect(errorOf(await app.send(nested, { e: [] }, caller))?.extensions.code).toBe('FORBIDDEN');
    expect((await app.send(nested, {}, caller)).errors).toBeUndefined();
  });

  it.each([
    ['{ users(orderBy: { field: LAST_EVENT_AT }) { nodes { uid } } }', {}],
    [
      'query ($field: UserOrderField!) { users(orderBy: { field: $field }) { nodes { uid } } }',
      { field: 'LAST_EVENT_AT' },
    ],
    ['query ($order: UserOrder) { users(orderBy: $order) { nodes { uid } } }', { order: { field: 'LAST_EVENT_AT' } }],
  ])('%s requires events:read', async (document, variables) => {
    const { errors } = await app.send(document, variables, await app.withScopes('users:read'));
    expect(errors).toMatchObject([{ message: 'UserOrderField.LAST_EVENT_AT requires the scope events:read.' }]);
    const permitted = await app.send(document, variables, await app.withScopes('users:read', 'events:read'));
    expect(permitted.errors).toBeUndefined();
  });

  it('is rejected with all its issues at once', async () => {
    const error = errorOf(
      await ask({
        email: { eq: null, contains: 'a\u0000' },
        createdAt: { within: 'P1M', before: 'PT0M' },
        meta: [{ key: '', number: { gt: 1 } }],
        lists: { some: { listIds: ['x'] } },
        events: [{ name: { eq: 'a' }, count: { gte: -1 } }],
      }),
    );
    expect(error?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(error?.extensions.issues).toMatchObject([
      { path: ['where', 'email', 'eq'], code: 'NOT_NULLABLE' },
      { path: ['where', 'email', 'contains'], code: 'INVALID_CHARACTER' },
      { path: ['where', 'createdAt', 'within'], code: 'INVALID_DURATION' },
      { path: ['where', 'createdAt', 'before'], code: 'OUT_OF_RANGE' },
      { path: ['where', 'meta', '0', 'key'], code: 'INVALID_KEY' },
      { path: ['where', 'lists', 'some', 'listIds', '0'], code: 'INVALID_ID' },
      { path: ['where', 'events', '0', 'count', 'gte'], code: 'OUT_OF_RANGE' },
    ]);
  });

  /** A filter with `not` nested to a depth. */
  const nested = (depth: number) => JSON.parse(`${'{"not":'.repeat(depth)}{}${'}'.repeat(depth)}`);
  const { filterDepth, filterConditions, filterValues } = defaultLimits;
  const conditions = (count: number) => ({ or: Array.from({ length: count }, () => ({ uid: { eq: 'u10' } })) });
  const values = (count: number) => ({ uid: { in: Array.from({ length: count }, () => 'u10') } });

  it.each([
    ['depth', nested(filterDepth), nested(filterDepth + 1), 'is nested 7 deep; the limit is 6'],
    [
      'conditions',
      conditions(filterConditions),
      conditions(filterConditions + 1),
      'has 51 conditions; the limit is 50',
    ],
    ['values', values(filterValues), values(filterValues + 1), 'has a list of 251 values; the limit is 250'],
  ])('has a limit of its %s', async (_name, allowed, excessive, message) => {
    expect((await ask(allowed)).errors).toBeUndefined();
    expect(errorOf(await ask(excessive))).toMatchObject({
      message: `The filter ${message}.`,
      extensions: { code: 'LIMIT_EXCEEDED' },
    });
  });

  it.each([
    ['filters', `${'{"not":'.repeat(100_000)}{}${'}'.repeat(100_000)}`, 'LIMIT_EXCEEDED'],
    ['lists', `{"and":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 'BAD_USER_INPUT'],
  ])('that is nested as deep as a request allows, in %s, is rejected', async (_name, where, code) => {
    const response = await app.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { 'content-type': 'application/json', authorization: app.owner },
      payload: `{"query":${JSON.stringify(QUERY)},"variables":{"where":${where}}}`,
    });
    expect(response.json().errors[0].extensions.code).toBe(code);
  });

  it('adds the cost of its conditions to the complexity', async () => {
    expect((await app.send('{ users(first: 30) { nodes { uid } } }')).errors).toBeUndefined();
    const many = Array.from(
      { length: 20 },
      (_unused, place) => `a${place}: users(first: 30, where: $where) { nodes { uid } }`,
    );
    const error = errorOf(
      await app.send(`query ($where: UserFilter) { ${many.join(' ')} }`, {
        where: { events: Array.from({ length: 10 }, () => ({ name: { eq: 'a' } })) },
      }),
    );
    // Each page costs 1, its 30 users, and 5 for each of its 10 conditions on events.
    expect(error?.message).toContain(`has a complexity of ${20 * (1 + 30 + 10 * 5)}; the limit is 1000`);
  });

  // Behind a pooler, the sessions of PostgreSQL are shared with other tests.
  it.runIf(variant.prepared && !variant.pooled)(
    'is sent to PostgreSQL without a name, so that no session keeps it prepared',
    async () => {
      await using single = await startApp({ poolSize: 1 });
      const prepared = async () => {
        const rows = await single.db.$queryRaw<{ statement: string }[]>`SELECT statement FROM pg_prepared_statements`;
        return rows.map(({ statement }) => statement);
      };
      await single.send(QUERY, { where: { email: { contains: 'example' } } });
      await single.send(QUERY);
      expect(await prepared()).toContainEqual(expect.stringContaining('/* readPages users */'));
      expect(await prepared()).not.toContainEqual(expect.stringContaining('/* readOrderedPage users */'));
    },
  );
});
