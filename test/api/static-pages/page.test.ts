import { describe, expect, it } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import { demoCredentials } from '../../../src/dev/demo-data.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { basic } from '../../kit/app.ts';
import { navigation, startGraphiQL } from '../../kit/graphiql.ts';

const settingsOf = (html: string) => JSON.parse(/id="settings">(.*?)<\/script>/s.exec(html)?.[1] ?? '');

describe('GraphiQL at /graphql', () => {
  it.each(['/graphql', '/graphql?query={viewer{workspace}}'])(
    'is served to a browser without a key: %s',
    async (url) => {
      await using gateway = await startGraphiQL({ graphiql: {} });
      const page = await gateway.get(url);
      expect(page.statusCode).toBe(200);
      expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(page.body).toContain('<title>usergraph – GraphiQL</title>');
    },
  );

  it.each([
    ['JSON', 'application/json'],
    ["GraphQL's own media type", 'application/graphql-response+json, application/json;q=0.9'],
    ['JSON before a page', 'application/json, text/html;q=0.5'],
    ['anything', '*/*'],
  ])('is not served to clients that accept %s', async (_name, accept) => {
    await using gateway = await startGraphiQL({ graphiql: {}, demo: true });
    const authorization = `Basic ${btoa('pk_demo:sk_demo')}`;
    const response = await gateway.get('/graphql?query={viewer{workspace}}', { accept, authorization });
    expect(response.json()).toEqual({ data: { viewer: { workspace: 'Demo' } } });
  });

  it('requires credentials with schema:read in production', async () => {
    await using gateway = await startGraphiQL({ graphiql: { requiresSchemaRead: true } });
    const { id } = await createWorkspace(gateway.db, 'Owner');
    const reader = await createKey(gateway.db, id, ['schema:read']);
    const other = await createKey(gateway.db, id, ['users:read']);
    const get = (authorization?: string) =>
      gateway.get('/graphql', { ...navigation, ...(authorization ? { authorization } : {}) });
    const page = await get(basic(reader.publicKey, reader.secret));
    expect([page.statusCode, page.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(page.body).toContain('<title>usergraph – GraphiQL</title>');
    const rejected = [undefined, 'Basic eDp5', basic(reader.publicKey), basic(other.publicKey, other.secret)];
    for (const { statusCode, headers, body } of await Promise.all(rejected.map(get))) {
      expect([statusCode, headers['www-authenticate']]).toEqual([401, 'Basic realm="usergraph", charset="UTF-8"']);
      expect(JSON.parse(body)).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });

  it('contains the demo key, with and without its secret, if it is configured', async () => {
    await using gateway = await startGraphiQL({ graphiql: {}, demoKey: demoCredentials });
    const { headers, keys } = settingsOf((await gateway.get('/graphql')).body);
    expect(keys).toEqual({ secret: `Basic ${btoa('pk_demo:sk_demo')}`, public: `Basic ${btoa('pk_demo:')}` });
    expect(JSON.parse(headers)).toEqual({ Authorization: keys.secret });
  });

  it('contains a placeholder otherwise, in characters that are valid in a header', async () => {
    await using gateway = await startGraphiQL({ graphiql: {} });
    const page = (await gateway.get('/graphql')).body;
    const { headers, keys } = settingsOf(page);
    expect(keys).toEqual({});
    expect(page).not.toContain('Demo key');
    expect(JSON.parse(headers)).toEqual({ Authorization: 'Basic <base64 of publicKey:secret>' });
    expect(headers).toMatch(/^[\n\x20-\x7e]+$/);
  });

  it('contains the examples as tabs, in the order of their files', async () => {
    await using gateway = await startGraphiQL({ graphiql: {} });
    const { examples } = settingsOf((await gateway.get('/graphql')).body);
    expect(examples.map(({ query }: { query: string }) => /(?:query|mutation) (\w+)/.exec(query)?.[1])).toEqual([
      'ListUsers',
      'NextPage',
      'UserWithEverything',
      'FilterUsers',
      'FilterByEvents',
      'NestedFilter',
      'SearchUsers',
      'CreateUser',
      'UpdateUser',
      'TrackEvent',
      'UpsertUsers',
      'AddEvents',
      'DeleteUser',
    ]);
  });

  it('allows only its own scripts, and varies by Accept', async () => {
    await using gateway = await startGraphiQL({ graphiql: {} });
    const { headers, body } = await gateway.get('/graphql', navigation);
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; ");
    expect(headers).toMatchObject({ vary: 'accept', 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache' });
    expect(body).not.toMatch(/https?:/);
  });
});
