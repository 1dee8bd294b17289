import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGateway, listen } from '../../../examples/federation/gateway.ts';
import { composeWithNames, readSubgraph } from '../../../examples/federation/rename.ts';
import { closeServer } from '../../kit/federation.ts';
import { startListening } from '../../kit/listening.ts';
import { rowGlobalId, seedListMembers } from '../../kit/seed-rows.ts';

/** A subgraph that has two names of usergraph: `Query.lists`, and `List`, which is no entity here. */
const todo = readSubgraph(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
  type List { title: String! items: [String!]! }
  type User @key(fields: "uid") { uid: String! todo: List }
  type Query { lists: [List!]! }
`);

const names = {
  types: { List: 'MailingList', ListConnection: 'MailingListConnection', ListEdge: 'MailingListEdge' },
  rootFields: { lists: 'mailingLists', createList: 'createMailingList' },
};

const others = [{ name: 'todo', schema: todo, url: 'http://127.0.0.1:1/graphql' }];

let app: Awaited<ReturnType<typeof startListening>>;
let gateway: ReturnType<typeof createGateway>;
let address: string;
beforeAll(async () => {
  app = await startListening();
  await seedListMembers(app, 1, [1]);
  gateway = createGateway(composeWithNames(`http://127.0.0.1:${app.port}/graphql`, names, others));
  address = await listen(gateway, 0);
});
afterAll(async () => {
  await closeServer(gateway);
  await app[Symbol.asyncDispose]();
});

async function ask(query: string) {
  const headers = { 'content-type': 'application/json', authorization: app.owner };
  const response = await fetch(address, { method: 'POST', headers, body: JSON.stringify({ query }) });
  return response.json();
}

it('does not compose without other names', () => {
  const url = 'http://127.0.0.1:1/graphql';
  expect(() => composeWithNames(url, { types: {}, rootFields: {} }, others)).toThrow(/lists|List/);
});

it('serves renamed root fields and types', async () => {
  const list = { __typename: 'MailingList', id: rowGlobalId('List', 1), title: 'List 1' };
  expect(
    await ask(`{
      mailingLists(first: 1) { __typename nodes { __typename id title } edges { node { ... on MailingList { id } } } }
      user(uid: "u1") { lists { subscribed list { __typename id title } } }
    }`),
  ).toEqual({
    data: {
      mailingLists: { __typename: 'MailingListConnection', nodes: [list], edges: [{ node: { id: list.id } }] },
      user: { lists: [{ subscribed: true, list }] },
    },
  });
});

it('serves a renamed mutation with its errors', async () => {
  const create = (title: string) =>
    ask(`mutation { createMailingList(input: { title: "${title}" }) {
      __typename ... on CreateListPayload { list { __typename title } } ... on Error { code }
    } }`);
  expect(await create('News')).toEqual({
    data: {
      createMailingList: { __typename: 'CreateListPayload', list: { __typename: 'MailingList', title: 'News' } },
    },
  });
  expect(await create('')).toEqual({
    data: { createMailingList: { __typename: 'ValidationError', code: 'VALIDATION_FAILED' } },
  });
});
