import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startExecutors } from '../../kit/executors.ts';
import { addUser } from '../../kit/factories.ts';

const executors = await startExecutors();
afterAll(() => executors[Symbol.asyncDispose]());

beforeEach(async () => {
  await executors.db.user.deleteMany();
  await addUser(executors, { uid: 'ada' });
});

const BIG = '7234567890123456789';
const headers = { 'content-type': 'application/json' };

const errorFields = `__typename ... on ValidationError { issues { path code message } }`;
const Update = `mutation ($input: UpdateUserInput!) { updateUser(input: $input) { ${errorFields} } }`;
const Create = `mutation ($input: CreateUserInput!) { createUser(input: $input) { ${errorFields} } }`;
const Add = `mutation ($input: AddEventInput!) { addEvent(input: $input) { ${errorFields} } }`;

/** Sends a request to both executors, which have to give the same answer. */
async function send(query: string, variables = '{}') {
  const payload = `{"query":${JSON.stringify(query)},"variables":${variables}}`;
  const [one, other] = await executors.both({ headers, payload });
  expect(one).toEqual(other);
  return { status: one.status, ...JSON.parse(one.body) };
}

const issue = (source: string, ...path: string[]) => ({
  path,
  code: 'UNSAFE_NUMBER',
  message: expect.stringMatching(new RegExp(`got ${source.replaceAll(/[.+]/g, '\\$&')}\\. Send it as a string\\.$`)),
});

const invalid = (field: string, ...issues: object[]) => ({
  status: 200,
  data: { [field]: { __typename: 'ValidationError', issues } },
});

describe('A number that a double cannot represent is rejected', () => {
  it.each([BIG, `-${BIG}`, '1e400', '1e-400', '0.1234567890123456789', '1e20'])('%s in meta', async (number) => {
    expect(await send(Update, `{"input":{"uid":"ada","meta":{"accountId":${number}}}}`)).toEqual(
      invalid('updateUser', issue(number, 'meta', 'accountId')),
    );
    expect(await executors.db.user.findFirstOrThrow()).toMatchObject({ meta: {} });
  });

  it('together with all other issues', async () => {
    const input = `{"uid":"a-b","meta":{"a":${BIG},"b":1,"c":1e400},"email":"no"}`;
    const { data } = await send(Create, `{"input":${input}}`);
    expect(data.createUser.issues).toEqual(
      expect.arrayContaining([
        issue(BIG, 'meta', 'a'),
        issue('1e400', 'meta', 'c'),
        expect.objectContaining({ path: ['uid'] }),
        expect.objectContaining({ path: ['email'] }),
      ]),
    );
    expect(data.createUser.issues).toHaveLength(4);
  });

  it('in value and properties', async () => {
    expect(await send(Add, `{"input":{"uid":"ada","name":"Paid","value":${BIG},"properties":{"a":${BIG}}}}`)).toEqual(
      invalid('addEvent', issue(BIG, 'value'), issue(BIG, 'properties', 'a')),
    );
    expect(await executors.db.event.count()).toBe(0);
  });

  it('in a literal of the document', async () => {
    const text = `mutation { updateUser(input: { uid: "ada", meta: { a: ${BIG}, b: 1e-400, c: 1.5 } }) { ${errorFields} } }`;
    expect(await send(text)).toEqual(invalid('updateUser', issue(BIG, 'meta', 'a'), issue('1e-400', 'meta', 'b')));
    const event = `mutation { addEvent(input: { uid: "ada", name: "Paid", value: ${BIG} }) { ${errorFields} } }`;
    expect(await send(event)).toEqual(invalid('addEvent', issue(BIG, 'value')));
  });

  it('in a variable in a literal, and in a variable of attributes', async () => {
    const within = `mutation ($value: AttributeValue) {
      updateUser(input: { uid: "ada", meta: { a: $value } }) { ${errorFields} } }`;
    expect(await send(within, `{"value":${BIG}}`)).toEqual(invalid('updateUser', issue(BIG, 'meta', 'a')));
    const whole = `mutation ($meta: Attributes) { updateUser(input: { uid: "ada", meta: $meta }) { ${errorFields} } }`;
    expect(await send(whole, `{"meta":{"a":${BIG}}}`)).toEqual(invalid('updateUser', issue(BIG, 'meta', 'a')));
  });

  it('in the default of a variable', async () => {
    const value = `mutation ($value: AttributeValue = 0.1234567890123456789) {
      updateUser(input: { uid: "ada", meta: { a: $value } }) { ${errorFields} } }`;
    expect(await send(value)).toEqual(invalid('updateUser', issue('0.1234567890123456789', 'meta', 'a')));
    const input = `mutation ($input: UpdateUserInput! = { uid: "ada", meta: { a: ${BIG} } }) {
      updateUser(input: $input) { ${errorFields} } }`;
    expect(await send(input)).toEqual(invalid('updateUser', issue(BIG, 'meta', 'a')));
  });
});

it('accepts every number that a double can represent', async () => {
  const meta = '{"a":0.1,"b":1.10,"c":1e3,"d":0.30000000000000004,"e":-0,"f":0e5,"g":9007199254740991}';
  expect(await send(Update, `{"input":{"uid":"ada","meta":${meta}}}`)).toMatchObject({
    data: { updateUser: { __typename: 'UpdateUserPayload' } },
  });
  expect(await executors.db.user.findFirstOrThrow()).toMatchObject({
    meta: { a: 0.1, b: 1.1, c: 1000, d: 0.30000000000000004, e: 0, f: 0, g: 9007199254740991 },
  });
});

describe('As a string, an id or a page size, it is a client error', () => {
  it.each([
    ['a uid', 'query ($uid: String!) { user(uid: $uid) { uid } }', `{"uid":${BIG}}`],
    ['an id', 'query ($id: ID!) { node(id: $id) { id } }', `{"id":${BIG}}`],
    ['a page size', 'query ($first: Int) { users(first: $first) { totalCount } }', '{"first":1e400}'],
    ['the variables', 'query ($id: ID!) { node(id: $id) { id } }', BIG],
    [
      'an instant',
      'query ($since: DateTime) { users(first: 1) { nodes { events(where: { since: $since }) { totalCount } } } }',
      `{"since":${BIG}}`,
    ],
    [
      'a filter',
      'query ($where: EventFilter) { user(uid: "ada") { events(where: $where) { totalCount } } }',
      `{"where":${BIG}}`,
    ],
    ['an input', Update, `{"input":${BIG}}`],
    ['attributes', Update, `{"input":{"uid":"ada","meta":${BIG}}}`],
    ['deep attributes', Update, `{"input":{"uid":"ada","meta":{"a":[${BIG}]}}}`],
  ])('%s', async (_what, query, variables) => {
    // Enough executions to be compiled.
    for (let time = 0; time < 3; time += 1) await send(query, variables);
    const { status, errors } = await send(query, variables);
    expect({ status, code: errors[0].extensions.code }).toEqual({ status: expect.any(Number), code: 'BAD_USER_INPUT' });
    expect(status).toBeLessThan(500);
    expect(errors[0].message).not.toMatch(/\[object|7234567890123457/);
  });

  it('a key of an entity', async () => {
    const query = 'query ($of: [_Any!]!) { _entities(representations: $of) { __typename } }';
    const { errors } = await send(
      query,
      `{"of":[{"__typename":"User","uid":${BIG}},{"__typename":"User","id":${BIG}}]}`,
    );
    expect(errors.map(({ extensions }: { extensions: { issues: unknown } }) => extensions.issues)).toMatchObject([
      [{ path: ['representations', '0', 'uid'] }],
      [{ path: ['representations', '1', 'id'] }],
    ]);
  });

  it.each(['query', 'operationName', 'variables', 'extensions'])('the parameter %s', async (name) => {
    const [one, other] = await executors.both({ headers, payload: `{"query":"{ __typename }","${name}":${BIG}}` });
    expect(one).toEqual(other);
    expect(one.status).toBe(400);
    expect(JSON.parse(one.body).errors[0].extensions.code).toBe('BAD_USER_INPUT');
  });
});

it('is not rounded in a URL', async () => {
  const address = (query: string, variables: string) =>
    `/graphql?query=${encodeURIComponent(query)}&variables=${encodeURIComponent(variables)}`;
  const url = address('query ($id: ID!) { node(id: $id) { id } }', `{"id":${BIG}}`);
  const [one, other] = await executors.both({ method: 'GET', url });
  expect(one).toEqual(other);
  expect(JSON.parse(one.body).errors[0].message).toContain(BIG);
  const [broken] = await executors.both({ method: 'GET', url: address('{ __typename }', '{') });
  expect({ status: broken.status, ...JSON.parse(broken.body) }).toMatchObject({
    status: 400,
    errors: [{ message: 'The variables in the URL could not be parsed. The JSON is not valid.' }],
  });
});

it('has the same message as in REST if the body is not JSON', async () => {
  const body = '{"query":"{ __typename }"';
  const [ofGraphQL, again] = await executors.both({ headers, payload: body });
  expect(ofGraphQL).toEqual(again);
  const rest = await executors.app.inject({
    method: 'POST',
    url: '/v1/users',
    headers: { ...headers, authorization: executors.owner },
    payload: body,
  });
  expect(JSON.parse(ofGraphQL.body).errors[0].message).toBe(rest.json().error);
});

it('does not prevent updates of a user who was stored with one', async () => {
  const stored = `{"accountId":${BIG}}`;
  await executors.db
    .$executeRaw`UPDATE users SET meta = ${stored}::jsonb WHERE workspace_id = ${executors.workspaceId}::uuid`;
  const input = { uid: 'ada', meta: { plan: 'pro' }, device: { token: 't', platform: 'IOS' } };
  expect(await send(Update, JSON.stringify({ input }))).toMatchObject({
    data: { updateUser: { __typename: 'UpdateUserPayload' } },
  });
  const [row] = await executors.db.$queryRaw<{ meta: string }[]>`
    SELECT meta::text FROM users WHERE workspace_id = ${executors.workspaceId}::uuid`;
  expect(row?.meta).toBe(`{"plan": "pro", "accountId": ${BIG}}`);
});

it('does not make different inputs equal under an idempotency key', async () => {
  const add = (value: string) =>
    executors.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { ...headers, authorization: executors.owner },
      payload: `{"query":${JSON.stringify(Add)},"variables":{"input":{"uid":"ada","name":"Paid","idempotencyKey":"k","value":${value}}}}`,
    });
  expect((await add(BIG)).json().data.addEvent.__typename).toBe('ValidationError');
  expect((await add('7234567890123456790')).json().data.addEvent.__typename).toBe('ValidationError');
  expect((await add(`"${BIG}"`)).json().data.addEvent.__typename).toBe('AddEventPayload');
  expect((await add('"7234567890123456790"')).json().data.addEvent.__typename).toBe('IdempotencyConflictError');
});
