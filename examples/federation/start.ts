// npm run example:federation [-- PORT]: starts usergraph with its demo data, the Orders subgraph, and a gateway for both.
import { writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { composeSupergraph, createGateway, listen } from './gateway.ts';
import { createOrders } from './orders/server.ts';
import { startUsergraph } from './usergraph.ts';

const query = '{ order(id: "u1232-1") { item total user { firstName email orders { id } } } }';

/** Functions that stop what has been started, in the order in which it was started. */
const stops: (() => Promise<void>)[] = [];

async function stop(code: number): Promise<never> {
  for (let next = stops.pop(); next; next = stops.pop()) await next();
  process.exit(code);
}

async function serve(server: Server, port: number): Promise<string> {
  const address = await listen(server, port);
  stops.push(async () => {
    server.close();
    server.closeAllConnections();
  });
  return address;
}

async function start(port: number): Promise<void> {
  if (!(port > 0 && port < 65_534)) {
    throw new Error(
      `PORT must be between 1 and 65533, because the example uses the next two ports as well; got ${port}. Example: npm run example:federation -- 4100`,
    );
  }
  process.stdout.write('Starting usergraph, the Orders subgraph and the gateway …\n');
  const orders = await serve(createOrders(), port + 2);
  const usergraph = startUsergraph(port + 1, `.data/federation-${port}`);
  stops.push(usergraph.stop);
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
}

process.on('SIGINT', () => stop(0)).on('SIGTERM', () => stop(0));
try {
  await start(Number(process.argv[2] ?? 4100));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  await stop(1);
}
