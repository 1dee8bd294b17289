import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';

describe('GraphQL over HTTP audits, with the scope for introspection', () => {
  let app: Awaited<ReturnType<typeof startApp>>;
  let url = '';

  const audits = serverAudits({
    url: () => url,
    fetchFn: (input: string, init: RequestInit = {}) => {
      const headers = new Headers(init.headers);
      headers.set('authorization', app.owner);
      return fetch(input, { ...init, headers });
    },
  });

  beforeAll(async () => {
    app = await startApp({ ownApp: true });
    url = `${await app.app.listen({ port: 0, host: '127.0.0.1' })}/graphql`;
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('has 61 audits', () => expect(audits).toHaveLength(61));

  it.each(audits.map((audit) => [audit.id, audit.name, audit] as const))('%s: %s', async (_id, _name, audit) => {
    expect(await audit.fn()).toMatchObject({ status: 'ok' });
  });
});
