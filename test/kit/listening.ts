import { startApp } from './app.ts';

/** Like `startApp`, but listening on a port, for requests through sockets. */
export async function startListening(options: Parameters<typeof startApp>[0] = {}) {
  const started = await startApp({ ownApp: true, ...options });
  const port = Number(new URL(await started.app.listen({ host: '127.0.0.1', port: 0 })).port);
  return { ...started, port };
}
