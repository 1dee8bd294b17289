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

/** The URLs of the page's scripts, styles and images. */
const sources = () => [...html.matchAll(/(?:src|<link[^>]*href)="([^"]+)"/g)].map(([, source = '']) => source);

it('is public', async () => {
  const page = await app.app.inject('/v1/docs');
  expect(page.statusCode).toBe(200);
  expect(page.headers['content-type']).toMatch('text/html');
});

it('loads nothing from other origins', () => {
  expect(sources()).not.toEqual([]);
  expect(sources().filter((source) => /^(\w+:|\/\/)/.test(source))).toEqual([]);
});

it('has a policy that forbids other origins', async () => {
  const policy = String((await app.app.inject('/v1/docs')).headers['content-security-policy']);
  expect(policy).toMatch(/^default-src 'self';/);
  expect(policy).not.toMatch(/https?:|\w+\.\w+|script-src|upgrade-insecure-requests/);
});

it('loads files that exist', async () => {
  const statuses = await Promise.all(
    sources().map(async (source) => {
      const { pathname } = new URL(source, 'http://gateway/v1/docs');
      return [source, (await app.app.inject(pathname)).statusCode];
    }),
  );
  expect(statuses.filter(([, status]) => status !== 200)).toEqual([]);
});

it('shows the document of /v1/openapi.json', async () => {
  const document = (await app.app.inject('/v1/docs/json')).json();
  expect(document).toEqual((await app.app.inject('/v1/openapi.json')).json());
});

it('has the version of the package', async () => {
  const { info } = (await app.app.inject('/v1/docs/json')).json();
  expect(info.version).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version);
});
