import fc from 'fast-check';
import { type GraphQLInputType, isInputType, parse, typeFromAST } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servedSchema } from '../../src/federation/subgraph.ts';
import { type Caller, startApp } from '../kit/app.ts';
import { choicesOf } from '../kit/choices.ts';
import { rowGlobalId, seedDevices, seedEvents, seedListMembers } from '../kit/seed-rows.ts';
import { casesOf } from '../kit/test-size.ts';
import { wrongValueOf } from '../kit/wrong-value.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp({ compileAfter: 5 });
  await seedListMembers(app, 1, [1, 2, 3]);
  await seedDevices(app, [1, 2]);
  await seedEvents(app, 1, [1, 2]);
});
afterAll(() => app[Symbol.asyncDispose]());

type Variables = Record<string, unknown>;

async function send(query: string, variables: Variables, authorization: Caller = app.owner) {
  const { payload, statusCode } = await app.app.inject({
    method: 'POST',
    url: '/graphql',
    headers: {
      'content-type': 'application/json',
      authorization,
      'x-request-id': 'same',
      accept: 'application/graphql-response+json',
    },
    payload: JSON.stringify({ query, variables }),
  });
  return `${statusCode} ${payload}`;
}

/** Enough executions for a query to be compiled. */
const EXECUTIONS_TO_COMPILE = 12;

const queries: Record<string, [string, () => Variables]> = {
  'an input object': [
    'query ($w: EventFilter, $n: Int) { user(uid: "u1") { events(where: $w, first: $n) { nodes { name } } } }',
    () => ({ w: { name: 'Signed up', since: '2020-01-01T00:00:00Z' }, n: 2 }),
  ],
  'a required one with a default': [
    'query ($w: EventFilter! = { name: "Signed up" }, $n: Int! = 3) { user(uid: "u1") { events(where: $w, first: $n) { nodes { name } } } }',
    () => ({}),
  ],
  'in an input object': [
    'query ($name: String, $since: DateTime) { user(uid: "u1") { events(where: { name: $name, since: $since }) { nodes { name } } } }',
    () => ({ name: 'Signed up' }),
  ],
  'a list': ['query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', () => ({ ids: [rowGlobalId('User', 1)] })],
  'in a list': [
    'query ($a: ID!, $b: ID! = "x") { nodes(ids: [$a, $b]) { id } }',
    () => ({ a: rowGlobalId('User', 1), b: rowGlobalId('List', 1) }),
  ],
  scalars: [
    'query ($uid: String!, $id: ID!, $n: Int, $after: String) { user(uid: $uid) { uid } node(id: $id) { id } users(first: $n, after: $after) { nodes { uid } } }',
    () => ({ uid: 'u1', id: rowGlobalId('List', 1), n: 1 }),
  ],
  conditions: [
    'query ($x: Boolean!, $n: Int = 2) { user(uid: "u1") { uid @include(if: $x) } users(first: $n) { nodes { uid @skip(if: $x) } } }',
    () => ({ x: true }),
  ],
  representations: [
    'query ($r: [_Any!]!, $uid: String) { _entities(representations: $r) { __typename } b: _entities(representations: [{ __typename: "User", uid: $uid }]) { __typename } }',
    () => ({ r: [{ __typename: 'User', uid: 'u1' }], uid: 'u2' }),
  ],
};

describe('Variables are coerced the same way before and after a query is compiled', () => {
  const cases = fc.record({ kind: fc.constantFrom(...Object.keys(queries)), seed: fc.nat() });

  it('valid, invalid, null or omitted', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ kind, seed }) => {
        const [text, make] = queries[kind] ?? ['', () => ({})];
        // Each run needs a new document.
        const query = `${text} # ${seed}`;
        const variables = generate(query, make(), seed);
        const first = await send(query, variables);
        for (let time = 0; time < EXECUTIONS_TO_COMPILE; time += 1)
          expect(await send(query, make())).not.toContain('"errors"');
        expect(await send(query, variables)).toBe(first);
        expect(await send(query, variables)).toBe(first);
      }),
      { numRuns: casesOf(200), interruptAfterTimeLimit: 100_000, markInterruptAsFailure: true },
    );
  });
});

/** Makes some of a query's variables invalid or null, and omits some. */
function generate(query: string, valid: Variables, seed: number): Variables {
  const choices = choicesOf(seed);
  const variables: Variables = { ...valid };
  for (const [name, type] of typesOf(query)) {
    if (choices.percent(40)) continue;
    if (choices.percent(10)) delete variables[name];
    else variables[name] = choices.percent(10) ? null : wrongValueOf(type, choices);
  }
  return variables;
}

function typesOf(query: string): Map<string, GraphQLInputType> {
  const [operation] = parse(query).definitions;
  const definitions = (operation && 'variableDefinitions' in operation && operation.variableDefinitions) || [];
  return new Map(
    definitions.flatMap(({ variable, type: node }) => {
      const type = typeFromAST(servedSchema, node);
      return type && isInputType(type) ? [[variable.name.value, type]] : [];
    }),
  );
}

describe('Invalid variables are rejected in the 1st, 3rd and 10th request alike', () => {
  const requests = async (query: string, variables: Variables, caller?: string) => {
    const answers: string[] = [];
    for (let time = 0; time < 10; time += 1) answers.push(await send(query, variables, caller));
    expect([answers[2], answers[9]]).toEqual([answers[0], answers[0]]);
    return answers[0];
  };
  const withFilter = 'query ($w: EventFilter) { user(uid: "u1") { events(where: $w) { nodes { name } } } }';

  it('an array for an input object', async () => {
    for (let time = 0; time < EXECUTIONS_TO_COMPILE; time += 1) await send(withFilter, { w: {} });
    const answer = await requests(withFilter, { w: [] });
    expect(answer).toMatch(/^400 .*"BAD_USER_INPUT"/);
    expect(answer).toContain('Variable \\"$w\\" got invalid value []');
    expect(answer).not.toContain('"data"');
  });

  it('next to the id of an object that the caller may not read', async () => {
    const reader = await app.withScopes('users:read', 'events:read');
    const query = `query ($id: ID!, $w: EventFilter) { node(id: $id) { id } user(uid: "u1") { events(where: $w) { nodes { name } } } }`;
    for (let time = 0; time < EXECUTIONS_TO_COMPILE; time += 1)
      await send(query, { id: rowGlobalId('User', 1), w: {} }, reader);
    const answer = await requests(query, { id: rowGlobalId('List', 1), w: [] }, reader);
    expect(answer).not.toContain('"data"');
    expect(await requests(query, { id: rowGlobalId('List', 1), w: {} }, reader)).toContain('FORBIDDEN');
  });

  it('after a missing scope that does not depend on the variables', async () => {
    expect(await requests(withFilter, { w: [] }, await app.withScopes('users:read'))).toContain('FORBIDDEN');
  });

  it('and cost no points beyond those of the request', async () => {
    await using limited = await startApp({ rateLimits: { secret: 1_000, publicKey: 1_000 } });
    const update = (input: unknown) =>
      limited.send('mutation ($i: UpdateUserInput!) { updateUser(input: $i) { __typename } }', { i: input });
    const left = async (input: unknown) => Number((await update(input)).headers['ratelimit-remaining']);
    expect(await left({ uid: 'u1' })).toBe(998);
    expect(await left([])).toBe(997);
    expect(await left({ uid: 1 })).toBe(996);
    expect(await left({ uid: 'u1' })).toBe(994);
  });
});
