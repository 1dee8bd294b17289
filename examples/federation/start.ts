// npm run example:federation [PORT]: usergraph with its demo data, the Orders subgraph, and a gateway over both.
import { writeFile } from 'node:fs/promises';
import { composeSupergraph } from './compose.ts';
import { createGateway } from './gateway.ts';
import { listen } from './listen.ts';
import { createOrders } from './orders/server.ts';
import { startUsergraph } from './usergraph.ts';

const port = Number(process.argv[2] ?? 4100);
const query = '{ order(id: "u1232-1") { item total user { firstName email orders { id } } } }';

process.stdout.write('Starting usergraph, the Orders subgraph and the gateway …\n');
const usergraph = await startUsergraph(port + 1, `.data/federation-${port}`);
const orders = createOrders();
const ordersAddress = await listen(orders, port + 2);
const supergraph = composeSupergraph({ usergraph: usergraph.address, orders: ordersAddress });
await writeFile(new URL('supergraph.graphql', import.meta.url), supergraph);
const gateway = createGateway(supergraph);
const address = await listen(gateway, port);

process.stdout.write(`
  The graph is ready

    gateway     ${address}
    usergraph   ${usergraph.address}
    orders      ${ordersAddress}

  Try it:

    curl -s ${address} -u pk_demo:sk_demo -H 'content-type: application/json' -d '${JSON.stringify({ query })}'
`);

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  for (const server of [gateway, orders]) {
    server.close();
    server.closeAllConnections();
  }
  await usergraph.stop();
  process.exit(0);
}
process.on('SIGINT', stop).on('SIGTERM', stop);
