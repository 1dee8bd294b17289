import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphqlBody, startExecutors } from '../../kit/executors.ts';

let executors: Awaited<ReturnType<typeof startExecutors>>;
beforeAll(async () => {
  executors = await startExecutors();
});
afterAll(() => executors[Symbol.asyncDispose]());

/** Requests the cost report from both executors. */
async function send(
  query: string,
  caller = executors.owner,
  header: Record<string, string> = { 'graphql-cost': 'report' },
) {
  const { headers, payload } = graphqlBody(query);
  const [one, other] = await executors.both({ headers: { ...headers, ...header }, payload }, [caller, caller]);
  expect(one).toEqual(other);
  return JSON.parse(one.body);
}

const page = '{ users(first: 30) { nodes { uid } } }';

it('contains the complexity and the limit, for compiled queries as well', async () => {
  for (let time = 0; time < 4; time += 1) {
    expect(await send(page)).toEqual({
      data: { users: { nodes: [] } },
      extensions: { cost: { complexity: 31, limit: 1000 } },
    });
  }
});

it('is omitted unless requested', async () => {
  expect(await send(page, executors.owner, {})).not.toHaveProperty('extensions');
  expect(await send(page, executors.owner, { 'graphql-cost': 'no' })).not.toHaveProperty('extensions');
});

it('is part of rejections and failures', async () => {
  const cost = (complexity: number) => ({ extensions: { cost: { complexity, limit: 1000 } } });
  const tooComplex = '{ lists(first: 100) { nodes { members { totalCount } } } }';
  expect(await send(tooComplex)).toMatchObject({ errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }], ...cost(1301) });
  expect(await send(page, executors.publicKey)).toMatchObject({
    errors: [{ extensions: { code: 'FORBIDDEN' } }],
    ...cost(31),
  });
  const failing = '{ users(first: 31) { totalCount } }';
  expect(await send(failing)).toMatchObject({
    data: null,
    errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    ...cost(33),
  });
});

it('covers mutations', async () => {
  const write =
    'mutation { updateUser(input: { uid: "u1" }) { ... on UpdateUserPayload { user { uid devices { token } } } } }';
  expect(await send(write)).toMatchObject({ extensions: { cost: { complexity: 2 } } });
});
