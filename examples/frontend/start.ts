// npm run example:frontend [-- PORT]: starts usergraph with its demo data, and Vite's development server for this application.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { installPackages } from '../../scripts/install-packages.ts';
import { onStop, readPort, runExample } from '../run-example.ts';
import { startServer, startUsergraph } from '../server-process.ts';

const folder = import.meta.dirname;

/** @throws {Error} if another program uses the port. */
async function requireFreePort(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening').catch(({ code }) => {
    const next = 'Choose another one: npm run example:frontend -- 4300';
    throw new Error(`Cannot listen on port ${port} (${code}). ${next}`);
  });
  server.close();
  await once(server, 'close');
}

/** Writes src/**\/__generated__, as `npm run relay` does. */
function compileQueries(): void {
  const compiler = 'node_modules/relay-compiler/cli.js';
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`relay-compiler failed:\n${stdout}${stderr}`);
}

await runExample(async () => {
  const port = readPort('example:frontend', 4200, 2);
  await requireFreePort(port);
  await requireFreePort(port + 1);
  installPackages(folder);
  compileQueries();
  process.stdout.write('Starting usergraph and Vite …\n');
  const usergraph = startUsergraph(port + 1, `.data/frontend-${port}`);
  onStop(usergraph.stop);
  const address = `http://127.0.0.1:${port}/`;
  const vite = startServer({
    name: 'Vite',
    args: ['node_modules/vite/bin/vite.js', '--port', String(port), '--strictPort'],
    cwd: folder,
    env: { USERGRAPH_URL: new URL(usergraph.address).origin, USERGRAPH_KEY: 'pk_demo:sk_demo' },
    readyUrl: address,
  });
  onStop(vite.stop);
  await Promise.all([usergraph.ready, vite.ready]);
  process.stdout.write(`
  The application is ready.

    application   ${address}
    usergraph     ${usergraph.address}
`);
});
