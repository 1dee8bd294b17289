import type { FastifyInstance, FastifyRequest } from 'fastify';
import { readAssets } from './assets.ts';
import { type DemoKey, defaultHeaders } from './default-headers.ts';
import { readExamples } from './examples.ts';
import { PAGE_POLICY, renderPage } from './page.ts';

/** What the door needs. */
export interface GraphiQLDoor {
  /** Filled in for whoever opens the page; for the demo data alone, since everybody gets to see it. */
  demoKey?: DemoKey | undefined;
  /** Rejects callers who may not see the page. Left out: it is for everybody. */
  authenticate?: ((request: FastifyRequest) => Promise<unknown>) | undefined;
}

/**
 * Mounts GraphiQL at `/graphql`, for browsers that ask for a page; all else there goes to GraphQL. `/` leads to it. The page holds
 * nothing secret, and what it asks GraphQL is authenticated as ever. Its files are this process's own, under a path that
 * changes with their content.
 */
export async function graphiqlDoor(app: FastifyInstance, { demoKey, authenticate }: GraphiQLDoor): Promise<void> {
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

/** Browsers that open an address name `text/html`; clients that want an answer name JSON, or anything. */
function wantsPage(accept = ''): boolean {
  return accept.includes('text/html') && !accept.includes('json');
}
