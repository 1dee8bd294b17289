// npm run example:frontend [-- PORT]: starts usergraph with its demo data, and Vite's development server for this application.
import { spawnSync } from 'node:child_process';
import { installPackages } from '../../scripts/install-packages.ts';
import { onStop, readPort, runExample } from '../run-example.ts';
import { startServer, startUsergraph } from '../server-process.ts';

const folder = import.meta.dirname;

/** Writes src/**\/__generated__, as `npm run relay` does. */
function compileQueries(): void {
  const compiler = 'node_modules/relay-compiler/cli.js';
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler], { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`relay-compiler failed:\n${stdout}${stderr}`);
}

await runExample(async () => {
  const port = await readPort('example:frontend', 4200, 2);
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
