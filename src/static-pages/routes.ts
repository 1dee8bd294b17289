import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type DemoKey, defaultHeaders, demoHeaders, PAGE_POLICY, readExamples, renderPage } from './graphiql.ts';
import { EDITOR_DISABLED_PAGE, OVERVIEW, readDocumentation, renderStartPage, TEXT_PAGE_POLICY } from './pages.ts';

export interface StaticPagesOptions {
  /** Credentials to fill in. They are public, so only those of the demo data may be used. */
  demoKey?: DemoKey | undefined;
  /** False: GraphiQL is not served. */
  graphiql: GraphiQLRoutesOptions | false;
}

interface GraphiQLRoutesOptions {
  /** Rejects requests without access to the page. Default: the page is public. */
  authenticate?: ((request: FastifyRequest) => Promise<unknown>) | undefined;
}

/**
 * Mounts the pages for browsers, that is for requests that accept HTML: a start page at `/`, the documentation at `/docs/…`, and
 * at `/graphql` GraphiQL, or how to enable it. All other requests to these paths are answered as if the pages did not exist.
 */
export async function staticPages(app: FastifyInstance, { demoKey, graphiql }: StaticPagesOptions): Promise<void> {
  app.addConstraintStrategy({
    name: 'wantsPage',
    storage: () => new Map(),
    deriveConstraint: ({ headers, url = '' }) =>
      wantsPage(headers.accept) && (graphiql !== false || !url.startsWith('/graphql?')),
  });
  const documentation = await readDocumentation();
  const access = graphiql && (graphiql.authenticate ? 'schemaReaders' : 'anybody');
  mountTextPage(app, '/', 200, renderStartPage({ graphiql: access, demoKey, documentation }));
  for (const { name, html } of documentation) mountTextPage(app, `/docs/${name}`, 200, html);
  if (documentation.length > 0) mountRedirect(app, ['/docs', '/docs/'], `/docs/${OVERVIEW}`);
  // The status is that of a program's request to a page that does not exist. A query in the URL is executed.
  if (graphiql === false) mountTextPage(app, '/graphql', 404, EDITOR_DISABLED_PAGE);
  else await mountGraphiQL(app, demoKey, graphiql);
}

function mountTextPage(app: FastifyInstance, path: string, status: number, html: string): void {
  app.get(path, { constraints: { wantsPage: true } }, async (_request, reply) =>
    reply
      .code(status)
      .type('text/html; charset=utf-8')
      .headers({ 'cache-control': 'no-cache', 'content-security-policy': TEXT_PAGE_POLICY, vary: 'accept' })
      .send(html),
  );
}

function mountRedirect(app: FastifyInstance, paths: readonly string[], target: string): void {
  for (const path of paths) {
    app.get(path, { constraints: { wantsPage: true } }, async (_request, reply) =>
      reply.header('vary', 'accept').redirect(target),
    );
  }
}

/**
 * Mounts GraphiQL at `/graphql`. The page contains no secret, and its requests are authenticated like all others. Its files are
 * served locally, under a path that changes with their content.
 */
async function mountGraphiQL(
  app: FastifyInstance,
  demoKey: DemoKey | undefined,
  { authenticate }: GraphiQLRoutesOptions,
): Promise<void> {
  const { version, assets } = await readAssets();
  const base = `/graphiql/${version}`;
  const keys = demoKey ? demoHeaders(demoKey) : {};
  const page = renderPage(base, { examples: await readExamples(), headers: defaultHeaders(demoKey), keys });
  app.get('/graphql', { constraints: { wantsPage: true } }, async (request, reply) => {
    await authenticate?.(request);
    return reply
      .type('text/html; charset=utf-8')
      .headers({
        'cache-control': authenticate ? 'no-store' : 'no-cache',
        'content-security-policy': PAGE_POLICY,
        vary: 'accept',
      })
      .send(page);
  });
  for (const [name, asset] of assets) {
    app.get(`${base}/${name}`, async (request, reply) => {
      const compress = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
      return reply
        .type(asset.type)
        .headers({
          'cache-control': 'public, max-age=31536000, immutable',
          vary: 'accept-encoding',
          ...(compress ? { 'content-encoding': 'gzip' } : {}),
        })
        .send(compress ? await asset.compressed() : asset.content);
    });
  }
}

/** Browsers accept `text/html`; API clients accept JSON or anything. */
function wantsPage(accept = ''): boolean {
  return accept.includes('text/html') && !accept.includes('json');
}

const compress = promisify(gzip);

/** A file that the page loads. */
export interface Asset {
  /** Media type with the charset: the scripts contain non-ASCII characters. */
  type: string;
  content: Buffer;
  /** The content with gzip, compressed on the first call: 9 MB of scripts take 0.3 s. */
  compressed(): Promise<Buffer>;
}

const script = 'text/javascript; charset=utf-8';
const style = 'text/css; charset=utf-8';
const distribution = import.meta.resolve('@graphql-yoga/graphiql');

/** The files, by the name that the page uses. */
const files = [
  { name: 'page.js', type: script, url: import.meta.resolve('./page.js') },
  ...['demo-keys.js', 'editors.js', 'history.js', 'request.js', 'result-bar.js'].map((name) => ({
    name,
    type: script,
    url: import.meta.resolve(`./${name}`),
  })),
  { name: 'page.css', type: style, url: import.meta.resolve('./page.css') },
  { name: 'graphiql.js', type: script, url: new URL('yoga-graphiql.umd.js', distribution) },
  { name: 'graphiql.css', type: style, url: new URL('graphiql.css', distribution) },
  { name: 'editor.worker.js', type: script, url: new URL('monacoeditorwork/editor.worker.bundle.js', distribution) },
  { name: 'graphql.worker.js', type: script, url: new URL('monacoeditorwork/graphql.worker..bundle.js', distribution) },
  { name: 'json.worker.js', type: script, url: new URL('monacoeditorwork/json.worker.bundle.js', distribution) },
];

/** Reads the files of the page. The version is a digest of all of them, so that browsers can cache them indefinitely. */
export async function readAssets(): Promise<{ version: string; assets: Map<string, Asset> }> {
  const digest = createHash('sha256');
  const assets = new Map<string, Asset>();
  for (const { name, type, url } of files) {
    const content = await readFile(fileURLToPath(url));
    digest.update(content);
    let compressed: Promise<Buffer> | undefined;
    assets.set(name, {
      type,
      content,
      compressed: () => {
        compressed ??= compress(content);
        return compressed;
      },
    });
  }
  return { version: digest.digest('hex').slice(0, 12), assets };
}
