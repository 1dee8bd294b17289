import { ApolloGateway } from '@apollo/gateway';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { startGraph } from '../../kit/federation.ts';
import { OCCUPYING_HOST, ownerOf, withOccupiedSlots } from '../../kit/occupied.ts';
import { printedSubgraph } from '../../kit/printed-schema.ts';
import { rowId, seedDevices, seedUsers, tens } from '../../kit/seed-rows.ts';

/** A page of users with three orders each. */
const pageData = z.object({
  users: z.object({
    nodes: z.array(z.object({ uid: z.string(), orders: z.array(z.object({ id: z.string() })).length(3) })),
    pageInfo: z.object({
      hasNextPage: z.boolean(),
      hasPreviousPage: z.boolean(),
      startCursor: z.string(),
      endCursor: z.string(),
    }),
  }),
});

describe.each(['hive', 'apollo'] as const)('Through the gateway %s', (router) => {
  let graph: Awaited<ReturnType<typeof startGraph>>;
  beforeAll(async () => {
    graph = await startGraph(router, { admissionLimits: { concurrentRequests: 3, failedLogins: 0 } });
    await seedUsers(graph, tens(9));
    await seedDevices(graph, [10]);
  });
  afterAll(() => graph[Symbol.asyncDispose]());

  /** A page with its neighbours, and a field of the other subgraph. */
  const page = async (args: string) => {
    const { data, errors } = await graph.ask(
      `{ users(${args}) { nodes { uid orders { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`,
    );
    expect(errors).toBeUndefined();
    const { nodes, pageInfo } = pageData.parse(data).users;
    return { uids: nodes.map(({ uid }) => uid), ...pageInfo };
  };

  it('lists users and pages both ways', async () => {
    const first = await page('first: 4');
    expect(first).toMatchObject({ uids: ['u90', 'u80', 'u70', 'u60'], hasNextPage: true, hasPreviousPage: false });
    const second = await page(`first: 4, after: "${first.endCursor}"`);
    expect(second).toMatchObject({ uids: ['u50', 'u40', 'u30', 'u20'], hasNextPage: true, hasPreviousPage: true });
    expect(await page(`last: 4, before: "${second.startCursor}"`)).toEqual(first);
    const last = await page('last: 1');
    expect(last).toMatchObject({ uids: ['u10'], hasNextPage: false, hasPreviousPage: true });
    expect(await page(`last: 4, before: "${last.startCursor}"`)).toEqual(second);
  });

  it('reads a user by the key of another subgraph', async () => {
    const { data, errors } = await graph.ask('{ order(id: "u10-1") { user { email devices { token } } } }');
    expect(errors).toBeUndefined();
    expect(data).toEqual({ order: { user: { email: 'u10@example.com', devices: [{ token: 'token10' }] } } });
  });

  it('returns the typed errors and the payload of a mutation', async () => {
    const update = (uid: string) =>
      graph.ask(`mutation {
        updateUser(input: { uid: "${uid}", firstName: "Bo" }) {
          ... on UpdateUserPayload { created user { uid firstName orders { id } } }
          ... on ValidationError { code issues { path code } }
        }
      }`);
    const rejected = await update('a/b');
    expect(rejected.errors).toBeUndefined();
    expect(rejected.data).toEqual({
      updateUser: { code: 'VALIDATION_FAILED', issues: [{ path: ['uid'], code: expect.any(String) }] },
    });
    const updated = await update('u10');
    expect(updated.errors).toBeUndefined();
    expect(updated.data).toMatchObject({
      updateUser: { created: false, user: { uid: 'u10', firstName: 'Bo', orders: { length: 3 } } },
    });
    const stored = await graph.db.user.findFirst({ where: { workspaceId: graph.workspaceId, id: rowId(10) } });
    expect(stored?.firstName).toBe('Bo');
  });

  it('returns the code of an error of the subgraph, and the scopes that are missing', async () => {
    const { errors } = await graph.ask('{ users { nodes { uid email } } }', graph.publicKey);
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('require the scope users:read'),
      extensions: {
        code: 'FORBIDDEN',
        missing: ['users', 'users.nodes.email'].map((path) => ({ path: path.split('.'), scope: 'users:read' })),
      },
    });
  });

  it('keeps an order whose user does not exist, even if a selected field of the user is non-null', async () => {
    const { data, errors } = await graph.ask('{ order(id: "ghost-1") { id item user { uid createdAt } } }');
    expect(data).toEqual({ order: { id: 'ghost-1', item: expect.any(String), user: null } });
    const maskedError = {
      message: 'Unexpected error.',
      path: ['order', 'user', 'createdAt'],
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    };
    expect(errors).toEqual(router === 'hive' ? [expect.objectContaining(maskedError)] : undefined);
  });

  it('retries after status 429', async () => {
    const statuses: number[] = [];
    graph.app.server.on('request', (request, response) => {
      if (request.headers.host !== OCCUPYING_HOST) response.on('finish', () => statuses.push(response.statusCode));
    });
    await withOccupiedSlots(ownerOf(graph), async (release) => {
      const answer = graph.ask('mutation { createList(input: { title: "Once" }) { __typename } }');
      await vi.waitFor(() => expect(statuses).toContain(429));
      release();
      const { data, errors } = await answer;
      expect(errors).toBeUndefined();
      expect(data).toEqual({ createList: { __typename: 'CreateListPayload' } });
      // @apollo/gateway sends the hash of the document, and then the document.
      const accepted = statuses.slice(statuses.lastIndexOf(429) + 1);
      expect(new Set(accepted)).toEqual(new Set([200]));
    });
    expect(await graph.db.list.count({ where: { workspaceId: graph.workspaceId } })).toBe(1);
  });

  it('returns RATE_LIMITED with the seconds if retries do not help', async () => {
    await withOccupiedSlots(ownerOf(graph), async () => {
      const { errors } = await graph.ask('{ users { totalCount } }');
      expect(errors).toMatchObject([{ extensions: { code: 'RATE_LIMITED', retryAfter: 1 } }]);
    });
  });
});

describe('@apollo/gateway with automatic persisted queries', () => {
  const query = '{ users(first: 1) { nodes { uid } } }';

  it('sends a document once, then its hash', async () => {
    await using graph = await startGraph('apollo');
    const lengths: number[] = [];
    graph.app.server.on('request', ({ headers }) => lengths.push(Number(headers['content-length'])));
    for (let count = 0; count < 2; count += 1) {
      const { data, errors } = await graph.ask(query);
      expect({ data, errors }).toEqual({ data: { users: { nodes: [] } } });
    }
    const [hash = 0, hashAndDocument] = lengths;
    expect(lengths).toEqual([hash, hashAndDocument, hash]);
    expect(hashAndDocument).toBeGreaterThan(hash);
  });

  it('fails every request if usergraph stores none, as docs/production.md says', async () => {
    await using graph = await startGraph('apollo', { limits: { persistedQueryBytes: 0 } });
    for (let count = 0; count < 2; count += 1) {
      const { data, errors } = await graph.ask(query);
      expect({ data, errors }).toMatchObject({
        data: null,
        errors: [{ message: 'PersistedQueryNotSupported', extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } }],
      });
    }
  });
});

it('@apollo/gateway cannot load a supergraph with scopes', async () => {
  const load = async (scopes: boolean) => {
    const { supergraphSdl } = composeServices([
      { name: 'usergraph', typeDefs: parse(printedSubgraph(scopes)), url: 'http://127.0.0.1:1/graphql' },
    ]);
    const gateway = new ApolloGateway({ supergraphSdl: supergraphSdl ?? '' });
    try {
      await gateway.load();
    } finally {
      await gateway.stop();
    }
  };
  await expect(load(true)).rejects.toThrow(/requiresScopes/);
  await expect(load(false)).resolves.toBeUndefined();
});
