import { describe, expect, it } from 'vitest';
import { demoCredentials } from '../../../src/dev/demo-data.ts';
import { navigation, startGraphiQL } from '../../kit/graphiql.ts';

/** The paths that a page links to. */
const linksIn = (html: string) => [...html.matchAll(/ href="(\/[^"]*)"/g)].map(([, path = '']) => path);

describe('The start page', () => {
  it.each([
    ['with GraphiQL', {}],
    ['without GraphiQL', false as const],
  ])('links to pages that exist, %s', async (_name, graphiql) => {
    await using gateway = await startGraphiQL({ graphiql });
    const { statusCode, headers, body } = await gateway.get('/');
    expect([statusCode, headers['content-type'], headers.vary]).toEqual([200, 'text/html; charset=utf-8', 'accept']);
    const links = linksIn(body);
    expect(links).toEqual(
      expect.arrayContaining(['/graphql', '/v1/docs', '/v1/openapi.json', '/health/ready', '/docs/README.md']),
    );
    for (const link of links) {
      const expected = link === '/graphql' && graphiql === false ? 404 : 200;
      expect([link, (await gateway.get(link)).statusCode]).toEqual([link, expected]);
    }
  });

  it('contains the demo key only if it is configured', async () => {
    await using own = await startGraphiQL({ graphiql: {} });
    expect((await own.get('/')).body).not.toMatch(/pk_|sk_/);
    await using demo = await startGraphiQL({ graphiql: {}, demoKey: demoCredentials });
    expect((await demo.get('/')).body).toContain('<code>pk_demo</code>, secret <code>sk_demo</code>');
  });

  it('says that GraphiQL requires credentials in production', async () => {
    await using gateway = await startGraphiQL({ graphiql: { requiresSchemaRead: true } });
    expect((await gateway.get('/')).body).toContain('requires a key with schema:read');
  });

  it.each(['application/json', '*/*', ''])('is not sent to programs, which accept "%s"', async (accept) => {
    await using gateway = await startGraphiQL({ graphiql: {} });
    for (const path of ['/', '/docs/README.md']) {
      const response = await gateway.get(path, { accept });
      expect([response.statusCode, response.json()]).toEqual([404, expect.objectContaining({ code: 'NOT_FOUND' })]);
    }
  });
});

describe('The page at /graphql if GraphiQL is disabled', () => {
  it('tells a browser how to enable it', async () => {
    await using gateway = await startGraphiQL({ graphiql: false });
    const { statusCode, headers, body } = await gateway.get('/graphql');
    expect([statusCode, headers['content-type'], headers.vary]).toEqual([404, 'text/html; charset=utf-8', 'accept']);
    expect(headers).not.toHaveProperty('www-authenticate');
    expect(body).toContain('<code>GRAPHIQL=on</code>');
  });

  it('does not make scanners report that the editor is served', async () => {
    await using gateway = await startGraphiQL({ graphiql: false });
    for (const path of ['/graphql', '/']) expect((await gateway.get(path)).body).not.toContain('GraphiQL');
  });

  it.each([
    ['a program', '/graphql', { accept: '*/*' }],
    ['a query in the URL', '/graphql?query={viewer{workspace}}', navigation],
  ])('is not sent for %s, which gets the response of GraphQL', async (_name, url, headers) => {
    await using gateway = await startGraphiQL({ graphiql: false, demo: true });
    const rejected = await gateway.get(url, headers);
    expect([rejected.statusCode, rejected.json()]).toMatchObject([
      401,
      { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
    ]);
    const authorization = `Basic ${btoa('pk_demo:sk_demo')}`;
    const query = await gateway.get('/graphql?query={viewer{workspace}}', { ...headers, authorization });
    expect(query.json()).toEqual({ data: { viewer: { workspace: 'Demo' } } });
  });
});

it.each(['/docs', '/docs/'])('%s leads a browser to the overview of the documentation', async (path) => {
  await using gateway = await startGraphiQL({ graphiql: {} });
  const { statusCode, headers } = await gateway.get(path);
  expect([statusCode, headers.location, headers.vary]).toEqual([302, '/docs/README.md', 'accept']);
  expect((await gateway.get(path, { accept: 'application/json' })).statusCode).toBe(404);
});

it('The documentation is HTML with links between its pages, without scripts', async () => {
  await using gateway = await startGraphiQL({ graphiql: false });
  const { headers, body } = await gateway.get('/docs/README.md');
  expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; /);
  expect(linksIn(body)).toEqual(expect.arrayContaining(['/', '/docs/graphql.md', '/docs/limits.md']));
  expect(body).not.toContain('<script');
  for (const path of ['/docs/missing.md', '/docs/../package.json', '/docs/%2e%2e/package.json'])
    expect((await gateway.get(path)).statusCode).toBe(404);
});

it('Links of the documentation lead to sections of its pages', async () => {
  await using gateway = await startGraphiQL({ graphiql: false });
  const sectionsOf = async (path: string) => {
    const { body } = await gateway.get(path);
    return [...body.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id);
  };
  const sections = await sectionsOf('/docs/observability.md');
  expect(sections).toEqual(expect.arrayContaining(['metrics', 'slow-operations', 'usergraphabsent']));
  expect(new Set(sections).size).toBe(sections.length);
  const links = linksIn((await gateway.get('/docs/observability.md')).body).filter((link) => link.includes('#'));
  expect(links).toEqual(
    expect.arrayContaining(['/docs/observability.md#slow-operations', '/docs/deployment.md#outages']),
  );
  for (const link of links) {
    const [path = '', id = ''] = link.split('#');
    expect(await sectionsOf(path), link).toContain(id);
  }
});
