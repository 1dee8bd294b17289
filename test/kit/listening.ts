import { startApp } from './app.ts';

/** Like `startApp`, but listening on a port, for requests through sockets. `url` is the GraphQL endpoint. */
export async function startListening(options: Parameters<typeof startApp>[0] = {}) {
  const started = await startApp({ ownApp: true, ...options });
  const address = await started.app.listen({ host: '127.0.0.1', port: 0 });
  return { ...started, port: Number(new URL(address).port), url: `${address}/graphql` };
}
