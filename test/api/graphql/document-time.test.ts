import { GraphQLError } from 'graphql';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DocumentTimeLimit } from '../../../src/graphql/execution/document-time.ts';
import { limitChannel } from '../../../src/telemetry/channels.ts';
import { startApp } from '../../kit/app.ts';
import { idOf, writePersisted } from '../../kit/persisted.ts';

describe('The CPU time for new documents', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  const rejectionOf = (limit: DocumentTimeLimit, caller: string) => {
    try {
      limit.check(caller);
      return undefined;
    } catch (error) {
      return error instanceof GraphQLError ? error.extensions : error;
    }
  };

  it('is limited per caller, with a burst', () => {
    const limit = new DocumentTimeLimit(100);
    limit.spend('a', 999);
    expect(rejectionOf(limit, 'a')).toBeUndefined();
    limit.spend('a', 251);
    expect(rejectionOf(limit, 'a')).toMatchObject({
      code: 'RATE_LIMITED',
      http: { status: 429, headers: { 'retry-after': '3' } },
    });
    expect(rejectionOf(limit, 'b')).toBeUndefined();
    vi.advanceTimersByTime(2_400);
    expect(rejectionOf(limit, 'a')).toMatchObject({ http: { headers: { 'retry-after': '1' } } });
    vi.advanceTimersByTime(200);
    expect(rejectionOf(limit, 'a')).toBeUndefined();
  });

  it('accumulates for at most 10 s', () => {
    const limit = new DocumentTimeLimit(100);
    limit.spend('a', 1);
    vi.advanceTimersByTime(3_600_000);
    limit.spend('a', 1_001);
    expect(rejectionOf(limit, 'a')).toBeDefined();
  });

  it('is unlimited if the limit is 0', () => {
    const limit = new DocumentTimeLimit(0);
    limit.spend('a', 1_000_000);
    expect(rejectionOf(limit, 'a')).toBeUndefined();
  });
});

const costly = (number: number) => `{ ${'viewer { workspace keyId scopes } '.repeat(18)} a${number}: __typename }`;

it.each([
  ['cached', {}],
  ['evicted', { documentCacheBytes: 100_000 }],
])('is unlimited for persisted operations, requested by id, that are %s', async (_state, limits) => {
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

it('exceeds the limit: 429 for new documents, no effect on cached ones or on other callers', async () => {
  await using app = await startApp({ limits: { documentMs: 1 } });
  const cached = '{ viewer { keyId } }';
  expect(await app.send(cached)).toMatchObject({ status: 200 });
  const answers = [];
  const reported: string[] = [];
  const unsubscribe = limitChannel.subscribe(({ reason }) => reported.push(reason));
  for (let number = 0; number < 100; number += 1) answers.push(await app.send(costly(number)));
  unsubscribe();
  expect(reported).toEqual(answers.filter(({ status }) => status === 429).map(() => 'document_time'));
  const rejected = answers.find(({ status }) => status === 429);
  expect(rejected).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
  expect(Number(rejected?.headers['retry-after'])).toBeGreaterThan(0);
  expect(rejected?.data).toBeUndefined();
  expect(await app.send(cached)).toMatchObject({ status: 200, data: { viewer: {} } });
  expect(await app.send(costly(1_000), {}, app.publicKey)).toMatchObject({ status: 200 });
  expect(await app.send(costly(1_001), {}, app.stranger.owner)).toMatchObject({ status: 200 });
});
