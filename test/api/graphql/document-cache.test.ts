import { type ExecutionResult, parse } from 'graphql';
import { isAsyncIterable } from 'graphql-yoga';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Viewer } from '../../../src/auth/viewer.ts';
import { defaultLimits } from '../../../src/config/limits.ts';
import { nameOfKey } from '../../../src/domain/shared/actor.ts';
import { scopes } from '../../../src/domain/shared/scopes.ts';
import { servedSchema } from '../../../src/federation/subgraph.ts';
import { AutomaticPersistedQueries } from '../../../src/graphql/execution/automatic-persisted-queries.ts';
import { CompiledQueries } from '../../../src/graphql/execution/compiled.ts';
import { DocumentCache } from '../../../src/graphql/execution/document-cache.ts';
import { noFacts } from '../../../src/graphql/execution/operation-reports.ts';
import { createGraphQLServer } from '../../../src/graphql/execution/yoga.ts';
import { startApp } from '../../kit/app.ts';
import { rowGlobalId, seedDevices, seedUsers } from '../../kit/seed-rows.ts';
import { settledHeap } from '../../kit/settled-heap.ts';

const MB = 1024 ** 2;

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp();
  await seedUsers(app, [1, 2, 3]);
  await seedDevices(app, [1, 2]);
});
afterAll(() => app[Symbol.asyncDispose]());

/** Creates a server and exposes its caches. */
function serve({ documentsMb = 32, compiledMb = 32, persisted = [] as string[] } = {}) {
  const documents = new DocumentCache({ maxBytes: documentsMb * MB, msPerSecond: 0 });
  const queries = new CompiledQueries(compiledMb * MB, 5);
  const compile = vi.spyOn(queries, 'compile');
  const server = createGraphQLServer({
    schema: servedSchema,
    db: app.db,
    limits: defaultLimits,
    sources: {
      persisted: { documents: new Map(persisted.map((text) => [text, text])), only: false },
      automatic: new AutomaticPersistedQueries(defaultLimits),
    },
    documents,
    queries,
  });

  async function send(viewer: Viewer, query: string, variables = {}): Promise<ExecutionResult> {
    const { parse, validate, contextFactory, execute, schema } = server.getEnveloped({
      viewer,
      requestId: 'x',
      log: pino({ level: 'silent' }),
      databaseTimeouts: defaultLimits,
      charge: async () => {},
      addWork: () => {},
      responseBudget: {
        availableBytes: () => Infinity,
        reserve: () => {},
        rejection: () => new Error('unlimited') as never,
      },
      reportsCost: false,
      bodyBytes: 0,
      operation: noFacts(),
      params: { query },
      request: { method: 'POST' },
    });
    const document = parse(query);
    const errors = validate(schema, document);
    if (errors.length > 0) return { errors };
    const contextValue = await contextFactory();
    const result = await execute({ schema, document, contextValue, variableValues: variables });
    if (isAsyncIterable(result)) throw new Error('Incremental delivery is not supported.');
    return result;
  }
  return { send, documents, queries, compile };
}

const viewerOf = (credential: Viewer['credential'], workspaceId = app.workspaceId): Viewer => ({
  workspaceId,
  workspace: 'Workspace',
  keyId: '01900000-0000-7000-8000-000000000009',
  actorName: nameOfKey('01900000-0000-7000-8000-000000000009'),
  credential,
  rateLimit: null,
  scopes: new Set(scopes),
});

const user = '{ user(uid: "u1") { uid email devices { platform } } }';

/** A large document that differs by its number, as in a flood of unique documents. */
const floodDocument = (number: number, aliases = 18, fields = 14) => {
  const id = rowGlobalId('User', 1);
  const parts = Array.from(
    { length: aliases },
    (_, place) => `a${place}: node(id: "${id}") { ... on User { ${'id uid __typename '.repeat(fields)} } }`,
  );
  return `{ ${parts.join(' ')} b${number}: __typename }`;
};

describe('Documents', () => {
  it('are parsed once and cached up to the limit of bytes', async () => {
    const { send, documents } = serve({ documentsMb: 16 });
    const viewer = viewerOf('secret');
    await send(viewer, user);
    const document = documents.documentOf(user);
    expect(document).toBeDefined();
    await send(viewer, user);
    expect(documents.documentOf(user)).toBe(document);
    expect(documents.errorsOf(document ?? expect.fail())).toEqual([]);
    for (let number = 0; number < 60; number += 1) await send(viewer, floodDocument(number));
    const { bytes, documents: count } = documents.figures;
    expect(bytes).toBeLessThanOrEqual(16 * MB);
    expect(bytes).toBeGreaterThan(12 * MB);
    expect(count).toBeLessThan(60);
    expect(documents.documentOf(user)).toBeUndefined();
  });

  it('and compiled queries are not evicted by those of another workspace', async () => {
    const { send, documents, queries, compile } = serve({ documentsMb: 16, compiledMb: 16 });
    const [quiet, flooding] = [viewerOf('secret', app.stranger.workspaceId), viewerOf('secret')];
    for (let time = 0; time < 6; time += 1) await send(quiet, user);
    expect(compile).toHaveBeenCalledTimes(1);
    for (let number = 0; number < 60; number += 1)
      for (let time = 0; time < 7; time += 1) await send(flooding, floodDocument(number, 18, 3));
    expect(compile.mock.calls.length).toBeGreaterThan(60);
    expect(queries.cache.size).toBeLessThan(60);
    expect(documents.documentOf(user)).toBeDefined();
    compile.mockClear();
    await send(quiet, user);
    expect(compile).not.toHaveBeenCalled();
  });

  it('take no more memory than their accounted size', { timeout: 120_000 }, async () => {
    const viewer = viewerOf('secret');
    const kinds = [
      (number: number) => floodDocument(number),
      (number: number) => floodDocument(number, 10, 6),
      (number: number) =>
        `{ users(first: 3) { nodes { id uid email firstName lastName number meta createdAt devices { token platform } lists { list { id title } } } } a${number}: __typename }`,
      (number: number) =>
        `{ ${Array.from({ length: 15 }, (_, place) => `a${place}: viewer { workspace keyId scopes }`).join(' ')} b${number}: __typename }`,
    ];
    /** The growth of the heap as a share of the accounted size. */
    const measure = async () => {
      const { send, documents, queries } = serve();
      for (const kind of kinds) for (let time = 0; time < 7; time += 1) await send(viewer, kind(0));
      const [heapBefore, bytesBefore] = [await settledHeap(), documents.figures.bytes + queries.cache.bytes];
      for (const kind of kinds)
        for (let number = 1; number <= 10; number += 1)
          for (let time = 0; time < 7; time += 1) await send(viewer, kind(number));
      const heapGrowth = (await settledHeap()) - heapBefore;
      return heapGrowth / (documents.figures.bytes + queries.cache.bytes - bytesBefore);
    };
    // What other files of the worker have left is released meanwhile, which only makes the growth smaller.
    const share = Math.max(await measure(), await measure(), await measure());
    expect(share).toBeLessThan(1);
    expect(share).toBeGreaterThan(1 / 5);
  });

  it('with validation errors are cached with their errors, which count as well', async () => {
    const { send, documents } = serve();
    const invalid = `{ viewer { ${Array.from({ length: 90 }, (_, place) => `nothing${place}`).join(' ')} } }`;
    const { errors } = await send(viewerOf('publicKey'), invalid);
    expect(errors).toHaveLength(90);
    const again = await send(viewerOf('publicKey'), invalid);
    expect(again.errors?.[0]).toBe(errors?.[0]);
    expect(documents.figures.bytes).toBeGreaterThan(90 * 3_000);
  });
});

describe('Queries are compiled', () => {
  it('after five error-free executions with a secret', async () => {
    const { send, compile } = serve();
    for (let time = 0; time < 5; time += 1) await send(viewerOf('secret'), user);
    expect(compile).not.toHaveBeenCalled();
    await send(viewerOf('secret'), user);
    expect(compile).toHaveBeenCalledTimes(1);
  });

  it.each(['publicKey', 'token'] as const)('not for a %s', async (credential) => {
    const { send, compile } = serve();
    for (let time = 0; time < 20; time += 1) await send(viewerOf(credential), user);
    expect(compile).not.toHaveBeenCalled();
  });

  it('for every credential if they are persisted operations', async () => {
    const { send, compile } = serve({ persisted: [user] });
    for (let time = 0; time < 6; time += 1) await send(viewerOf('publicKey'), user);
    expect(compile).toHaveBeenCalledTimes(1);
  });

  it('not if they are large or fail', async () => {
    const { send, compile } = serve();
    for (let time = 0; time < 10; time += 1) {
      await send(viewerOf('secret'), floodDocument(1));
      const { data, errors } = await send(viewerOf('secret'), '{ users(first: 0) { totalCount } }');
      expect([data, errors?.length]).toEqual([null, 1]);
    }
    expect(compile).not.toHaveBeenCalled();
  });

  it('with a pause of forty times the duration of the last compilation', () => {
    const queries = new CompiledQueries(MB);
    const now = vi.spyOn(performance, 'now');
    const compileAt = (started: number, ended: number) => {
      now.mockReturnValueOnce(started).mockReturnValueOnce(ended);
      const args = { schema: servedSchema, document: parse('{ viewer { keyId } }') };
      queries.compile({ executions: 5, selections: 2 }, args, 'owner');
      return queries.cache.size;
    };
    try {
      expect(compileAt(1_000, 1_010)).toBe(1);
      expect(compileAt(1_011, 0)).toBe(1);
      now.mockReset();
      expect(compileAt(1_409, 0)).toBe(1);
      now.mockReset();
      expect(compileAt(1_410, 1_411)).toBe(2);
    } finally {
      now.mockRestore();
    }
  });
});
