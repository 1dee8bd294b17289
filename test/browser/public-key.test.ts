import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import type { Request } from 'playwright-core';
import { afterAll, expect, it } from 'vitest';
import { listenOnFreePort } from '../kit/free-ports.ts';
import { queryAsDemo } from '../kit/gateway-process.ts';
import { useDemoSite } from './visitor.ts';

/** A form that identifies a user and adds an event with examples/clients/public-key.ts. */
const page = (url: string, publicKey: string) => `<!doctype html>
  <form>
    <label>Uid <input name="uid"></label>
    <label>Number <input name="number"></label>
    <button>Sign up</button>
  </form>
  <output></output>
  <script type="module">
    import { identify, track } from './public-key.ts';
    const target = ${JSON.stringify({ url, publicKey })};
    const output = document.querySelector('output');
    document.cookie = 'session=secret';
    document.querySelector('form').addEventListener('submit', async (event) => {
      event.preventDefault();
      const { uid, number } = Object.fromEntries(new FormData(event.target));
      try {
        const { issues, code } = await identify(target, { uid, number });
        if (issues) output.textContent = issues.map(({ path, message }) => path + ': ' + message).join();
        else output.textContent = code ?? (await track(target, { uid, name: 'Signed up' })).__typename;
      } catch (error) {
        output.textContent = error.code;
      }
    });
  </script>`;

/** Serves the form, and the module that it imports. */
const formServer = createServer(async ({ url = '/' }, response) => {
  const { pathname, searchParams } = new URL(url, 'http://site');
  const key = searchParams.get('key') ?? '';
  const [type, body] = pathname.endsWith('.ts')
    ? ['text/javascript', stripTypeScriptTypes(await readFile(join('examples/clients', pathname), 'utf8'))]
    : ['text/html', page(`${demo.address}/graphql`, key)];
  response.writeHead(200, { 'content-type': type }).end(body);
});
const origin = `http://127.0.0.1:${await listenOnFreePort(formServer)}`;
afterAll(() => void formServer.close());

const demo = useDemoSite({ CORS_ORIGINS: origin });

/** Submits the form on the page with a public key. @returns what the page shows, and its POST requests to the gateway. */
async function signUp(publicKey: string, uid: string, number: string) {
  await using visitor = await demo.visit();
  const posts: Request[] = [];
  visitor.page.on('request', (request) => {
    if (request.method() === 'POST') posts.push(request);
  });
  await visitor.page.goto(`${origin}/?key=${publicKey}`);
  await visitor.page.getByLabel('Uid').fill(uid);
  await visitor.page.getByLabel('Number').fill(number);
  await visitor.page.getByRole('button').click();
  const output = visitor.page.locator('output:not(:empty)');
  const requests = [];
  const shown = await output.innerText();
  for (const post of posts)
    requests.push({ headers: await post.allHeaders(), response: await (await post.response())?.allHeaders() });
  return { shown, requests };
}

it('identifies a user and adds an event from another origin, without cookies', async () => {
  const { shown, requests } = await signUp('pk_demo', 'visitor', '+33612345678');
  expect(shown).toBe('AddEventPayload');
  expect(requests).toHaveLength(2);
  for (const { headers, response } of requests) {
    expect(headers).toMatchObject({ origin, 'sec-fetch-mode': 'cors', authorization: `Basic ${btoa('pk_demo:')}` });
    expect(headers).not.toHaveProperty('cookie');
    expect(response).toMatchObject({ 'access-control-allow-origin': origin });
    expect(response).not.toHaveProperty('access-control-allow-credentials');
  }
  const query = '{ user(uid: "visitor") { number events { nodes { name } } } }';
  expect(await queryAsDemo(demo.address, query)).toEqual({
    data: { user: { number: '+33612345678', events: { nodes: [{ name: 'Signed up' }] } } },
  });
});

it('shows the issues of a validation error', async () => {
  const { shown, requests } = await signUp('pk_demo', 'invalid', 'none');
  expect(shown).toMatch(/^number: /);
  expect(requests).toHaveLength(1);
});

it('gets a 401 for a wrong key without the password dialog of the browser', async () => {
  const { shown, requests } = await signUp('pk_wrong', 'visitor', '+33612345678');
  expect(shown).toBe('UNAUTHENTICATED');
  // The visitor's browser would send the credentials of its dialog in a second request.
  expect(requests).toHaveLength(1);
  expect(requests[0]?.response).not.toHaveProperty('www-authenticate');
});
