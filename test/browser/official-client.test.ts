import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { listenOnFreePort } from '../kit/free-ports.ts';
import { startGateway } from '../kit/gateway-process.ts';
import { runProgram } from '../kit/program.ts';
import { launchBrowser } from './visitor.ts';

const MODULE = resolve('node_modules/@engage_so/js/browser/index.js');

/** A page's script that identifies a user with the official client, and shows the response. */
const program = `
import * as client from ${JSON.stringify(MODULE)};
client.init('pk_demo');
client.identify({ id: 'fromBundle', first_name: 'Ada' }).then((user) => { document.title = JSON.stringify(user); });`;

/** The example's configuration, with a script as the entry in place of the index.html of an application. */
const configOf = (entry: string) => `
import config from ${JSON.stringify(resolve('examples/official-client/vite.config.js'))};
const build = { rolldownOptions: { input: ${JSON.stringify(entry)}, output: { entryFileNames: 'app.js' } } };
export default { ...config, build };`;

/** Serves a page with a script, on an origin of its own. */
async function servePage(script: () => Promise<Buffer>) {
  const server = createServer(async ({ url }, response) => {
    if (url === '/app.js') return response.setHeader('content-type', 'text/javascript').end(await script());
    response.setHeader('content-type', 'text/html').end('<body><script type="module" src="/app.js"></script>');
  });
  const port = await listenOnFreePort(server);
  return { origin: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() };
}

it('calls the gateway from a bundle of the official client with an alias for its fetch', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'usergraph-bundle-'));
  try {
    using page = await servePage(() => readFile(join(directory, 'bundle', 'app.js')));
    await using gateway = await startGateway({ DATA_DIR: join(directory, 'data'), CORS_ORIGINS: page.origin });
    await writeFile(join(directory, 'app.js'), program);
    const config = join(directory, 'vite.config.mjs');
    await writeFile(config, configOf(join(directory, 'app.js')));
    const env = { USERGRAPH_URL: `${gateway.address}/v1` };
    const args = ['build', '--config', config, '--outDir', join(directory, 'bundle'), '--logLevel', 'error'];
    expect(await runProgram(resolve('node_modules/vite/bin/vite.js'), args, { env })).toMatchObject({
      code: 0,
      stderr: '',
    });
    await using browser = await launchBrowser();
    const tab = await browser.newPage();
    await tab.goto(page.origin);
    await expect.poll(() => tab.title(), { timeout: 15_000 }).toContain('fromBundle');
    expect(JSON.parse(await tab.title())).toMatchObject({ uid: 'fromBundle', first_name: 'Ada' });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
