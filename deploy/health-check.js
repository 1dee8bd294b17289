// The health check of the image: exits with 0 if the gateway is ready to serve, and with 1 otherwise.
const { HOST, PORT } = process.env;

/** The address of this machine for a gateway that listens on all of them, or the one that it listens on. */
const hosts = { '': '127.0.0.1', '0.0.0.0': '127.0.0.1', '::': '::1' };
const host = hosts[HOST ?? ''] ?? HOST;
const url = `http://${host.includes(':') ? `[${host}]` : host}:${PORT || 4000}/health/ready`;

try {
  const { ok } = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  process.exitCode = ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
