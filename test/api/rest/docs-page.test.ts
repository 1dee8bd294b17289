import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';

let app: Awaited<ReturnType<typeof startApp>>;
let html = '';

beforeAll(async () => {
  app = await startApp();
  html = (await app.app.inject('/v1/docs')).body;
});
afterAll(async () => app[Symbol.asyncDispose]());

/** What the page loads: scripts, styles and images. */
const sources = () => [...html.matchAll(/(?:src|<link[^>]*href)="([^"]+)"/g)].map(([, source = '']) => source);

it('is a page for anybody', async () => {
  const page = await app.app.inject('/v1/docs');
  expect(page.statusCode).toBe(200);
  expect(page.headers['content-type']).toMatch('text/html');
});

it('loads nothing from elsewhere', () => {
  expect(sources()).not.toEqual([]);
  expect(sources().filter((source) => /^(\w+:|\/\/)/.test(source))).toEqual([]);
});

it('lets the browser load nothing from elsewhere', async () => {
  const policy = String((await app.app.inject('/v1/docs')).headers['content-security-policy']);
  expect(policy).toMatch(/^default-src 'self';/);
  expect(policy).not.toMatch(/https?:|\w+\.\w+|script-src|upgrade-insecure-requests/);
});

it('has everything that it loads', async () => {
  const statuses = await Promise.all(
    sources().map(async (source) => {
      const { pathname } = new URL(source, 'http://gateway/v1/docs');
      return [source, (await app.app.inject(pathname)).statusCode];
    }),
  );
  expect(statuses.filter(([, status]) => status !== 200)).toEqual([]);
});

it('shows the document that clients get', async () => {
  const shown = (await app.app.inject('/v1/docs/json')).json();
  expect(shown).toEqual((await app.app.inject('/v1/openapi.json')).json());
});

it('has the version of the package', async () => {
  const { info } = (await app.app.inject('/v1/docs/json')).json();
  expect(info.version).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version);
});
