import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';

type App = Awaited<ReturnType<typeof startApp>>;

const many = (count: number, text: (place: number) => string) =>
  Array.from({ length: count }, (_, place) => text(place)).join(' ');

const list = (length: number) => Array.from({ length }, () => 'a');

/** `user { events { nodes { user …` */
const nested = (depth: number) =>
  `{ user(uid: "a") ${many((depth - 2) / 3, () => '{ events(first: 1) { nodes { user')} { uid ${'} '.repeat(depth - 1)} }`;

/** 2,000 tokens with one selected field: three per attribute. */
const manyTokens = (selected: string) =>
  `mutation { updateUser(input: { uid: "a", meta: { ${many(660, (n) => `k${n}: 1`)} } }) { ${selected} } }`;

/** For each limit: the largest accepted request with the default limit, the smallest rejected one, and its error. */
const cases: Record<string, { code: string; accepted: Sent; rejected: Sent; message: string }> = {
  documentCharacters: {
    code: 'LIMIT_EXCEEDED',
    accepted: [`{ __typename } #${'x'.repeat(65_520)}`],
    rejected: [`{ __typename } #${'x'.repeat(65_521)}`],
    message: 'The document has 65537 characters; the limit is 65536.',
  },
  tokens: {
    code: 'LIMIT_EXCEEDED',
    accepted: [manyTokens('__typename')],
    rejected: [manyTokens('__typename __typename')],
    message: 'The document has 2001 tokens; the limit is 2000.',
  },
  depth: {
    code: 'LIMIT_EXCEEDED',
    accepted: [nested(11)],
    rejected: [nested(14)],
    message: 'The operation nests 14 fields deep; the limit is 12.',
  },
  aliases: {
    code: 'LIMIT_EXCEEDED',
    accepted: [`{ viewer { ${many(30, (n) => `a${n}: __typename`)} } }`],
    rejected: [`{ viewer { ${many(31, (n) => `a${n}: __typename`)} } }`],
    message: 'The operation has 31 aliases; the limit is 30.',
  },
  rootFields: {
    code: 'LIMIT_EXCEEDED',
    accepted: [`{ ${many(20, () => '__typename')} }`],
    rejected: [`{ ${many(21, () => '__typename')} }`],
    message: 'The operation has 21 root fields; the limit is 20.',
  },
  directives: {
    code: 'LIMIT_EXCEEDED',
    accepted: [`{ ${many(9, () => '__typename @skip(if: false)')} }`],
    rejected: [`{ ${many(9, () => '__typename @skip(if: false)')} ... @skip(if: false) { __typename } }`],
    message: 'The operation has 10 directives; the limit is 9.',
  },
  complexity: {
    code: 'LIMIT_EXCEEDED',
    accepted: [
      '{ lists(first: 9) { nodes { members(first: 100) { nodes: edges { cursor } } } } segments(first: 79) { totalCount } }',
    ],
    rejected: [
      '{ lists(first: 9) { nodes { members(first: 100) { nodes: edges { cursor } } } } segments(first: 80) { totalCount } }',
    ],
    message: 'The operation has a complexity of 1001; the limit is 1000. Request smaller pages.',
  },
  nodes: {
    code: 'BAD_USER_INPUT',
    accepted: ['query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: list(100) }],
    rejected: ['query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: list(101) }],
    message: 'ids: must have at most 100 ids; got 101',
  },
  entities: {
    code: 'BAD_USER_INPUT',
    accepted: ['query ($of: [_Any!]!) { _entities(representations: $of) { __typename } }', { of: list(500) }],
    rejected: ['query ($of: [_Any!]!) { _entities(representations: $of) { __typename } }', { of: list(501) }],
    message: 'representations: must have at most 500 representations; got 501',
  },
  inputItems: {
    code: 'BAD_USER_INPUT',
    accepted: [
      'mutation ($i: UpdateUserInput!) { updateUser(input: $i) { __typename } }',
      { i: { uid: 'a', removeMeta: list(250) } },
    ],
    rejected: [
      'mutation ($i: UpdateUserInput!) { updateUser(input: $i) { __typename } }',
      { i: { uid: 'a', removeMeta: list(251) } },
    ],
    message: 'i.removeMeta: must have at most 250 items; got 251',
  },
};

type Sent = [document: string, variables?: Record<string, unknown>];

/** Sends an operation and records its errors and its SQL statements. */
async function observe(app: App, [document, variables]: Sent) {
  const answers: Awaited<ReturnType<App['send']>>[] = [];
  const statements = await app.statementsOf(async () => answers.push(await app.send(document, variables)));
  const [answer] = answers;
  return {
    statements,
    isRejected: answer !== undefined && !('data' in answer),
    errors: answer?.errors?.map(({ message, extensions }) => `${extensions.code}: ${message}`),
  };
}

describe.each(Object.entries(cases))('the limit of %s', (name, { code, accepted, rejected, message }) => {
  let app: App;
  beforeAll(async () => {
    app = await startApp();
    await app.send('{ __typename }');
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('accepts requests up to the limit, and rejects larger ones before any SQL statement', async () => {
    expect(await observe(app, accepted)).toMatchObject({ isRejected: false });
    expect(await observe(app, rejected)).toEqual({ statements: [], isRejected: true, errors: [`${code}: ${message}`] });
  });

  it('is configurable', async () => {
    await using generous = await startApp({ limits: { [name]: 1_000_000 } });
    expect(await observe(generous, rejected)).toMatchObject({ isRejected: false });
  });
});

describe('lists', () => {
  let app: App;
  beforeAll(async () => {
    app = await startApp({ limits: { inputItems: 2, nodes: 1 } });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('are reported together, in variables, their defaults and literals', async () => {
    const { errors, data } = await app.send(
      `mutation ($c: CreateUserInput!, $d: [String!] = ["a", "b", "c"]) {
        createUser(input: $c) { __typename }
        updateUser(input: { uid: "a", removeMeta: ["a", "b", "c", "d"] }) { __typename }
        again: updateUser(input: { uid: "b", removeMeta: $d }) { __typename }
      }`,
      { c: { uid: 'a', listIds: ['a', 'b', 'c'] } },
    );
    expect(data).toBeUndefined();
    const { issues } = errors?.[0]?.extensions ?? {};
    expect(issues?.map(({ path, code }) => `${path.join('.')} ${code}`).sort()).toEqual([
      'c.listIds TOO_MANY',
      'd TOO_MANY',
      'input.removeMeta TOO_MANY',
    ]);
  });

  it('and objects with more fields than their type are rejected, whatever the fields are', async () => {
    const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, place) => [`f${place}`, 1]));
    await using other = await startApp({ limits: { inputItems: 20 } });
    const inputs = { c: { uid: 'a', device: fields(21) }, w: fields(22) };
    const { errors } = await other.send(
      `mutation ($c: CreateUserInput!, $w: DeviceInput!) {
        createUser(input: $c) { __typename } updateUser(input: { uid: "a", device: $w }) { __typename } }`,
      inputs,
    );
    expect(errors?.[0]?.extensions.issues).toEqual([
      { path: ['c', 'device'], code: 'TOO_MANY', message: 'must have at most 20 fields; got 21' },
      { path: ['w'], code: 'TOO_MANY', message: 'must have at most 20 fields; got 22' },
    ]);
  });

  it('of ids and representations have limits of their own', async () => {
    await using other = await startApp({ limits: { inputItems: 2 } });
    const document = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } again: nodes(ids: ["a", "b", "c"]) { id } }';
    expect(await other.send(document, { ids: ['a', 'b', 'c'] })).toHaveProperty('data.nodes.length', 3);
    const entities = 'query ($of: [_Any!]! = ["a", "b", "c"]) { _entities(representations: $of) { __typename } }';
    expect(await other.send(entities)).toHaveProperty('data._entities.length', 3);
    const fragmentFirst = `fragment Found on Query { nodes(ids: $ids) { id } } query ($ids: [ID!]!) { ...Found }`;
    expect(await other.send(fragmentFirst, { ids: ['a', 'b', 'c'] })).toHaveProperty('data.nodes.length', 3);
  });

  it('in defaults count if the variable is omitted', async () => {
    const document = `mutation ($d: [String!] = ["a", "b", "c"]) {
      updateUser(input: { uid: "a", removeMeta: $d }) { __typename } }`;
    expect(await app.send(document, { d: [] })).toHaveProperty('data');
    expect(await app.send(document)).not.toHaveProperty('data');
  });

  it('are rejected with status 400 for application/graphql-response+json', async () => {
    const response = await app.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: {
        authorization: app.owner,
        accept: 'application/graphql-response+json',
        'content-type': 'application/json',
      },
      payload: JSON.stringify({ query: '{ nodes(ids: ["a", "b"]) { id } }' }),
    });
    expect([response.statusCode, response.json().errors[0].extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
  });

  it('of a wrong type are reported by coercion', async () => {
    const document = 'mutation ($i: UpdateUserInput!) { updateUser(input: $i) { __typename } }';
    for (const input of [['a', 'b', 'c'], { uid: ['a', 'b', 'c'] }, 7]) {
      const { errors } = await app.send(document, { i: input });
      expect(errors?.[0]?.message).toMatch(/^Variable "\$i" got invalid value/);
    }
  });
});

it('limits recursive introspection', async () => {
  await using app = await startApp();
  const into = many(3, () => '{ fields { type').concat(' { name } ', '} } '.repeat(3));
  const { errors } = await app.send(`{ __schema { types ${into} } }`);
  expect(errors).toMatchObject([{ message: 'Maximum introspection depth exceeded' }]);
});

it('does not validate a document that exceeds a limit', async () => {
  await using app = await startApp();
  const { errors } = await app.send(`{ __typename ${many(10, () => '@aa')} }`);
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['LIMIT_EXCEEDED']);
});

it('reports too many fields when graphql-js aborts validation', async () => {
  await using app = await startApp();
  const { errors } = await app.send(`{ viewer { ${many(1_900, () => '__typename')} } }`);
  expect(errors?.map(({ message, extensions }) => `${extensions.code}: ${message}`)).toEqual([
    'LIMIT_EXCEEDED: The document selects too many fields of one object to be validated; select fewer fields.',
  ]);
});
