// npm run example:federation [-- PORT]: starts usergraph with its demo data, the Orders subgraph, and a gateway for both.
import { writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { onStop, readPort, runExample } from '../run-example.ts';
import { startUsergraph } from '../server-process.ts';
import { composeSupergraph, createGateway, listen } from './gateway.ts';
import { createOrders } from './orders/server.ts';

const query = '{ order(id: "u1232-1") { item total user { firstName email orders { id } } } }';

async function serve(server: Server, port: number): Promise<string> {
  const address = await listen(server, port);
  onStop(async () => {
    server.close();
    server.closeAllConnections();
  });
  return address;
}

await runExample(async () => {
  const port = await readPort('example:federation', 4100, 3);
  process.stdout.write('Starting usergraph, the Orders subgraph and the gateway …\n');
  const orders = await serve(createOrders(), port + 2);
  const usergraph = startUsergraph(port + 1, `.data/federation-${port}`);
  onStop(usergraph.stop);
  const supergraph = composeSupergraph({ usergraph: usergraph.address, orders });
  await writeFile(new URL('supergraph.graphql', import.meta.url), supergraph);
  await usergraph.ready;
  const gateway = await serve(createGateway(supergraph), port);
  process.stdout.write(`
  The gateway is ready.

    gateway     ${gateway}
    usergraph   ${usergraph.address}
    orders      ${orders}

  Example request:

    curl -s ${gateway} -u pk_demo:sk_demo -H 'content-type: application/json' -d '${JSON.stringify({ query })}'
`);
});
