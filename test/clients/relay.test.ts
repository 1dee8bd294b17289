import { readFile } from 'node:fs/promises';
import { getOperationAST, parse } from 'graphql';
import {
  createOperationDescriptor,
  type Environment,
  fetchQuery,
  getSingularSelector,
  type RequestParameters,
  type Variables,
} from 'relay-runtime';
import { describe, expect, it } from 'vitest';
import { isIdempotentOperation } from '../../examples/clients/idempotent-operation.ts';
import listsQuery from '../../examples/clients/relay/generated/listsQuery.graphql.ts';
import membersHeadingQuery from '../../examples/clients/relay/generated/membersHeadingQuery.graphql.ts';
import user_events from '../../examples/clients/relay/generated/user_events.graphql.ts';
import userEventsQuery from '../../examples/clients/relay/generated/userEventsQuery.graphql.ts';
import userHeadingQuery from '../../examples/clients/relay/generated/userHeadingQuery.graphql.ts';
import userQuery, { type userQuery as UserQuery } from '../../examples/clients/relay/generated/userQuery.graphql.ts';
import usersQuery from '../../examples/clients/relay/generated/usersQuery.graphql.ts';
import { loadPage } from '../../examples/clients/relay/load-page.ts';
import { createRelayEnvironment, isSafeToRetry } from '../../examples/clients/relay.ts';
import { startListening } from '../kit/listening.ts';
import { rowGlobalId, seedEvents, seedLists, seedUsers, tens } from '../kit/seed-rows.ts';
import { createRelayClient, persistedOperations } from './relay.ts';
import { describeClient } from './scenario.ts';

describeClient({
  name: 'Relay',
  pagesFromMiddle: true,
  gateway: { persistedOperations },
  // A mutation names connections that have not been loaded, and `userEdge` is null for a user who existed.
  expectedWarnings: /The connection with id `\S+` doesn't exist|Expected the server edge to be non-null/,
  create: createRelayClient,
});

/** A gateway that accepts only the operations of the frontend, and an environment of its owner. */
async function startFrontend() {
  const gateway = await startListening({ persistedOperations: { ...persistedOperations, only: true } });
  await seedUsers(gateway, tens(3));
  return { ...gateway, environment: createRelayEnvironment(gateway.url, gateway.owner) };
}

const isAvailable = (environment: Environment, query: typeof usersQuery, variables: Variables) =>
  environment.check(createOperationDescriptor(query, variables)).status === 'available';

describe('A Relay environment', () => {
  it('sends the ids of operations, which a gateway accepts that executes no other documents', async () => {
    await using frontend = await startFrontend();
    expect((await frontend.send('{ viewer { keyId } }')).errors).toMatchObject([
      { message: 'Only persisted operations are allowed; send a documentId instead of a query.' },
    ]);
    await fetchQuery(frontend.environment, usersQuery, { first: 2 }).toPromise();
    expect(isAvailable(frontend.environment, usersQuery, { first: 2 })).toBe(true);
  });

  it('answers queries for one object from the page that has it', async () => {
    await using frontend = await startFrontend();
    await seedLists(frontend, [1]);
    const { environment } = frontend;
    const list = { id: rowGlobalId('List', 1) };
    expect(isAvailable(environment, userHeadingQuery, { uid: 'u10' })).toBe(false);
    expect(isAvailable(environment, membersHeadingQuery, list)).toBe(false);
    await fetchQuery(environment, usersQuery, { first: 10 }).toPromise();
    await fetchQuery(environment, listsQuery, { first: 10 }).toPromise();
    expect(isAvailable(environment, userHeadingQuery, { uid: 'u10' })).toBe(true);
    expect(isAvailable(environment, membersHeadingQuery, list)).toBe(true);
    // The user of another page, fields of another query, and an object of another type.
    expect(isAvailable(environment, userHeadingQuery, { uid: 'u999' })).toBe(false);
    expect(isAvailable(environment, userQuery, { uid: 'u10', first: 10 })).toBe(false);
    expect(isAvailable(environment, membersHeadingQuery, { id: rowGlobalId('User', 10) })).toBe(false);
  });

  it('pages through the events of a user, which can also be read by the id of the user', async () => {
    await using frontend = await startFrontend();
    await seedEvents(frontend, 10, tens(5));
    const { environment } = frontend;
    const variables = { uid: 'u10', first: 2 };
    const data = await fetchQuery<UserQuery>(environment, userQuery, variables).toPromise();
    const user = data?.user;
    if (!user) throw new Error('The user does not exist.');
    expect(isAvailable(environment, userEventsQuery, { id: rowGlobalId('User', 10), first: 2 })).toBe(true);
    await loadPage(environment, user_events, user, 'forward', 2);
    await loadPage(environment, user_events, user, 'forward', 2);
    expect(environment.lookup(getSingularSelector(user_events, user)).data).toMatchObject({
      events: { edges: { length: 5 }, pageInfo: { hasNextPage: false } },
    });
  });

  it.each([{}, { idempotencyKey: 'key' }])(
    'repeats the mutations that are idempotent with the input %o',
    async (input) => {
      const texts: string[] = Object.values(JSON.parse(await readFile(persistedOperations.file, 'utf8')));
      for (const document of texts.map((text) => parse(text))) {
        const { operation, name } = getOperationAST(document) ?? {};
        const params = { name: name?.value, operationKind: operation } as RequestParameters;
        const expected = isIdempotentOperation(document, { input });
        expect([name?.value, isSafeToRetry(params, { input })]).toEqual([name?.value, expected]);
      }
    },
  );

  it.each([
    ['wrong credentials', () => 'Basic wrong', { status: 401, code: 'UNAUTHENTICATED' }],
    ['a missing scope', ({ publicKey }: { publicKey: string }) => publicKey, { status: 403, code: 'FORBIDDEN' }],
  ])('throws an error with a code for %s', async (_case, authorization, error) => {
    await using frontend = await startFrontend();
    const environment = createRelayEnvironment(frontend.url, authorization(frontend));
    const request = fetchQuery(environment, usersQuery, { first: 2 }).toPromise();
    await expect(request).rejects.toMatchObject({ name: 'RequestError', ...error });
  });
});
