// npm run example:federation [-- PORT]: usergraph with its demo data, the Orders subgraph, and a gateway over both.
import { writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { composeSupergraph } from './compose.ts';
import { createGateway } from './gateway.ts';
import { listen } from './listen.ts';
import { createOrders } from './orders/server.ts';
import { startUsergraph } from './usergraph.ts';

const query = '{ order(id: "u1232-1") { item total user { firstName email orders { id } } } }';

/** What stops whatever runs by now, the last first. */
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
  if (!(port > 0 && port < 65_534))
    throw new Error('Give the first of three ports: npm run example:federation -- 4100');
  process.stdout.write('Starting usergraph, the Orders subgraph and the gateway …\n');
  const orders = await serve(createOrders(), port + 2);
  const usergraph = startUsergraph(port + 1, `.data/federation-${port}`);
  stops.push(usergraph.stop);
  const supergraph = composeSupergraph({ usergraph: usergraph.address, orders });
  await writeFile(new URL('supergraph.graphql', import.meta.url), supergraph);
  await usergraph.ready;
  const gateway = await serve(createGateway(supergraph), port);
  process.stdout.write(`
  The graph is ready

    gateway     ${gateway}
    usergraph   ${usergraph.address}
    orders      ${orders}

  Try it:

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
