import { describe, expect, it } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import { demoCredentials } from '../../../src/dev/demo-data.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { basic } from '../../kit/app.ts';
import { navigation, startGraphiQL } from '../../kit/graphiql.ts';

const settingsOf = (html: string) => JSON.parse(/id="settings">(.*?)<\/script>/s.exec(html)?.[1] ?? '');

describe('GraphiQL at /graphql', () => {
  it.each(['/graphql', '/graphql?query={viewer{workspace}}'])(
    'is what a browser without a key gets of %s',
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
  ])('leaves who accepts %s to GraphQL', async (_name, accept) => {
    await using gateway = await startGraphiQL({ graphiql: {}, demo: true });
    const authorization = `Basic ${btoa('pk_demo:sk_demo')}`;
    const answer = await gateway.get('/graphql?query={viewer{workspace}}', { accept, authorization });
    expect(answer.json()).toEqual({ data: { viewer: { workspace: 'Demo' } } });
  });

  it('is not there where it is off: a browser gets what GraphQL answers', async () => {
    await using gateway = await startGraphiQL({ graphiql: false });
    const answer = await gateway.get('/graphql');
    expect(answer.statusCode).toBe(401);
    expect(answer.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  });

  it('is in production what those get who may read the schema, and asks others for credentials', async () => {
    await using gateway = await startGraphiQL({ graphiql: { forSchemaReaders: true } });
    const { id } = await createWorkspace(gateway.db, 'Owner');
    const reader = await createKey(gateway.db, id, ['schema:read']);
    const other = await createKey(gateway.db, id, ['users:read']);
    const get = (authorization?: string) =>
      gateway.get('/graphql', { ...navigation, ...(authorization ? { authorization } : {}) });
    const page = await get(basic(reader.publicKey, reader.secret));
    expect([page.statusCode, page.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(page.body).toContain('<title>usergraph – GraphiQL</title>');
    const refused = [undefined, 'Basic eDp5', basic(reader.publicKey), basic(other.publicKey, other.secret)];
    for (const { statusCode, headers, body } of await Promise.all(refused.map(get))) {
      expect([statusCode, headers['www-authenticate']]).toEqual([401, 'Basic realm="usergraph", charset="UTF-8"']);
      expect(JSON.parse(body)).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });

  it('has the demo key filled in where it is told the key', async () => {
    await using gateway = await startGraphiQL({ graphiql: { demoKey: demoCredentials } });
    const { headers } = settingsOf((await gateway.get('/graphql')).body);
    expect(JSON.parse(headers)).toEqual({ Authorization: `Basic ${btoa('pk_demo:sk_demo')}` });
  });

  it('says elsewhere what belongs into the header, in characters that a header may have', async () => {
    await using gateway = await startGraphiQL({ graphiql: {} });
    const { headers } = settingsOf((await gateway.get('/graphql')).body);
    expect(JSON.parse(headers)).toEqual({ Authorization: 'Basic <base64 of your public key, a colon and its secret>' });
    expect(headers).toMatch(/^[\n\x20-\x7e]+$/);
  });

  it('has the examples as tabs, in the order of their files', async () => {
    await using gateway = await startGraphiQL({ graphiql: {} });
    const { examples } = settingsOf((await gateway.get('/graphql')).body);
    expect(examples.map(({ query }: { query: string }) => /(?:query|mutation) (\w+)/.exec(query)?.[1])).toEqual([
      'ListUsers',
      'NextPage',
      'UserWithEverything',
      'CreateUser',
      'UpdateUser',
      'TrackEvent',
      'DeleteUser',
    ]);
  });

  it('lets no script run but its own, and tells caches that others get something else', async () => {
    await using gateway = await startGraphiQL({ graphiql: {} });
    const { headers, body } = await gateway.get('/graphql', navigation);
    expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; ");
    expect(headers).toMatchObject({ vary: 'accept', 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache' });
    expect(body).not.toMatch(/https?:/);
  });
});
