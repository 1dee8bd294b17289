import { GraphQLError } from 'graphql';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ReadingLimit } from '../../../src/graphql/execution/document-time.ts';
import { startApp } from '../../kit/app.ts';
import { idOf, writePersisted } from '../../kit/persisted.ts';

describe('The time in which new documents are read', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  const refusal = (limit: ReadingLimit, caller: string) => {
    try {
      limit.check(caller);
      return undefined;
    } catch (error) {
      return error instanceof GraphQLError ? error.extensions : error;
    }
  };

  it('is limited for each caller by itself, with what was saved up', () => {
    const limit = new ReadingLimit(100);
    limit.spend('a', 999);
    expect(refusal(limit, 'a')).toBeUndefined();
    limit.spend('a', 251);
    expect(refusal(limit, 'a')).toMatchObject({
      code: 'RATE_LIMITED',
      http: { status: 429, headers: { 'retry-after': '3' } },
    });
    expect(refusal(limit, 'b')).toBeUndefined();
    vi.advanceTimersByTime(2_400);
    expect(refusal(limit, 'a')).toMatchObject({ http: { headers: { 'retry-after': '1' } } });
    vi.advanceTimersByTime(200);
    expect(refusal(limit, 'a')).toBeUndefined();
  });

  it('is saved up for 10 s, and no longer', () => {
    const limit = new ReadingLimit(100);
    limit.spend('a', 1);
    vi.advanceTimersByTime(3_600_000);
    limit.spend('a', 1_001);
    expect(refusal(limit, 'a')).toBeDefined();
  });

  it('has no limit of 0', () => {
    const limit = new ReadingLimit(0);
    limit.spend('a', 1_000_000);
    expect(refusal(limit, 'a')).toBeUndefined();
  });
});

const costly = (number: number) => `{ ${'viewer { workspace keyId scopes } '.repeat(18)} a${number}: __typename }`;

it.each([
  ['cached', {}],
  ['evicted', { documentCacheBytes: 100_000 }],
])('is not limited for the operator’s persisted operations that are %s', async (_state, limits) => {
  const documents = Array.from({ length: 50 }, (_, number) => costly(number));
  await using persisted = await writePersisted(Object.fromEntries(documents.map((text) => [idOf(text), text])));
  await using app = await startApp({
    limits: { documentMs: 1, ...limits },
    persistedOperations: { file: persisted.file, only: true },
  });
  for (const document of documents) {
    const response = await app.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { 'content-type': 'application/json', authorization: app.publicKey },
      payload: JSON.stringify({ documentId: idOf(document) }),
    });
    expect(response.statusCode).toBe(200);
  }
});

it('refuses new documents past it with 429, and goes on answering known ones, and everybody else', async () => {
  await using app = await startApp({ limits: { documentMs: 1 } });
  const known = '{ viewer { keyId } }';
  expect(await app.send(known)).toMatchObject({ status: 200 });
  const answers = [];
  for (let number = 0; number < 100; number += 1) answers.push(await app.send(costly(number)));
  const refused = answers.find(({ status }) => status === 429);
  expect(refused).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
  expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0);
  expect(refused?.data).toBeUndefined();
  expect(await app.send(known)).toMatchObject({ status: 200, data: { viewer: {} } });
  expect(await app.send(costly(1_000), {}, app.publicKey)).toMatchObject({ status: 200 });
  expect(await app.send(costly(1_001), {}, app.stranger.owner)).toMatchObject({ status: 200 });
});
