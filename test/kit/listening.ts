import { startApp } from './app.ts';

/** The gateway in process as `startApp` makes it, on a port of its own: for what is said by hand, through a socket. */
export async function startListening(options: Parameters<typeof startApp>[0] = {}) {
  const started = await startApp({ ownApp: true, ...options });
  const port = Number(new URL(await started.app.listen({ host: '127.0.0.1', port: 0 })).port);
  return { ...started, port };
}
