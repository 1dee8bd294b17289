import { afterAll, beforeAll, expect, it } from 'vitest';
import { graphqlBody, startExecutors } from '../../kit/executors.ts';

let executors: Awaited<ReturnType<typeof startExecutors>>;
beforeAll(async () => {
  executors = await startExecutors();
});
afterAll(() => executors[Symbol.asyncDispose]());

/** What both executors answer to somebody who asks for the cost. */
async function ask(
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

it('tells the cost and the limit, a compiled query’s too', async () => {
  for (let time = 0; time < 4; time += 1) {
    expect(await ask(page)).toEqual({
      data: { users: { nodes: [] } },
      extensions: { cost: { complexity: 31, limit: 1000 } },
    });
  }
});

it('tells it to nobody who does not ask', async () => {
  expect(await ask(page, executors.owner, {})).not.toHaveProperty('extensions');
  expect(await ask(page, executors.owner, { 'graphql-cost': 'no' })).not.toHaveProperty('extensions');
});

it('tells the cost of what costs too much, of what is forbidden, and of what fails', async () => {
  const cost = (complexity: number) => ({ extensions: { cost: { complexity, limit: 1000 } } });
  const dear = '{ lists(first: 100) { nodes { members { totalCount } } } }';
  expect(await ask(dear)).toMatchObject({ errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }], ...cost(1301) });
  expect(await ask(page, executors.publicKey)).toMatchObject({
    errors: [{ extensions: { code: 'FORBIDDEN' } }],
    ...cost(31),
  });
  const wrong = '{ users(first: 31) { totalCount } }';
  expect(await ask(wrong)).toMatchObject({
    data: null,
    errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    ...cost(33),
  });
});

it('tells the cost of a write', async () => {
  const write =
    'mutation { updateUser(input: { uid: "u1" }) { ... on UpdateUserPayload { user { uid devices { token } } } } }';
  expect(await ask(write)).toMatchObject({ extensions: { cost: { complexity: 2 } } });
});
