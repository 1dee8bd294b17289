import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type DemoKey, defaultHeaders, PAGE_POLICY, readExamples, renderPage } from './graphiql.ts';

export interface GraphiQLRoutesOptions {
  /** Credentials to fill in. They are public, so only those of the demo data may be used. */
  demoKey?: DemoKey | undefined;
  /** Rejects requests without access to the page. Default: the page is public. */
  authenticate?: ((request: FastifyRequest) => Promise<unknown>) | undefined;
}

/**
 * Mounts GraphiQL at `/graphql` for requests that accept HTML; all other requests to `/graphql` go to the GraphQL API. `/`
 * redirects to it. The page contains no secret, and its requests are authenticated like all others. Its files are served
 * locally, under a path that changes with their content.
 */
export async function graphiqlRoutes(
  app: FastifyInstance,
  { demoKey, authenticate }: GraphiQLRoutesOptions,
): Promise<void> {
  const { version, assets } = await readAssets();
  const base = `/graphiql/${version}`;
  const page = renderPage(base, { examples: await readExamples(), headers: defaultHeaders(demoKey) });

  app.addConstraintStrategy({
    name: 'wantsPage',
    storage: () => new Map(),
    deriveConstraint: ({ headers }) => wantsPage(headers.accept),
  });
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
  app.get('/', { constraints: { wantsPage: true } }, async (_request, reply) => reply.redirect('/graphql'));
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
