import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client';
import { Defer20220824Handler } from '@apollo/client/incremental';
import { BatchHttpLink } from '@apollo/client/link/batch-http';
import { parse } from 'graphql';
import { ClientError, GraphQLClient } from 'graphql-request';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startListening } from '../kit/listening.ts';

let gateway: Awaited<ReturnType<typeof startListening>>;
let target: { uri: string; headers: { authorization: string } };
beforeAll(async () => {
  gateway = await startListening();
  target = { uri: gateway.url, headers: { authorization: gateway.owner } };
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** The error of an operation that fails. */
const failureOf = (operation: Promise<unknown>) =>
  operation.then(
    () => undefined,
    (error: unknown) => error,
  );

const viewer = parse('{ viewer { keyId } }');

describe('Batching is rejected before anything is executed', () => {
  const message = 'Batching is not supported.';

  it('Apollo Client', async () => {
    const client = new ApolloClient({ link: new BatchHttpLink(target), cache: new InMemoryCache() });
    const error = await failureOf(client.query({ query: viewer }));
    expect(CombinedGraphQLErrors.is(error) && error.message).toBe(message);
    client.stop();
  });

  it('graphql-request', async () => {
    const client = new GraphQLClient(target.uri, target);
    const create = parse('mutation { createList(input: { title: "New" }) { __typename } }');
    const error = await failureOf(client.batchRequests([{ document: create }, { document: viewer }]));
    expect(error instanceof ClientError && error.message).toContain(message);
    expect(await gateway.db.list.count()).toBe(0);
  });
});

it.each([
  ['@defer', '{ viewer { keyId ... @defer { workspace } } }'],
  ['@stream', '{ users { nodes @stream(initialCount: 1) { uid } } }'],
])('%s is an error of validation', async (directive, query) => {
  const client = new ApolloClient({
    link: new HttpLink(target),
    cache: new InMemoryCache(),
    incrementalHandler: new Defer20220824Handler(),
  });
  const error = await failureOf(client.query({ query: parse(query) }));
  expect(CombinedGraphQLErrors.is(error) && error.errors).toMatchObject([
    { message: `Unknown directive "${directive}".`, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
  ]);
  client.stop();
});
