import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listenOnFreePort } from '../../kit/free-ports.ts';
import { startListening } from '../../kit/listening.ts';
import { credentialsOf } from '../../kit/official-client.ts';
import { runProgram } from '../../kit/program.ts';

// The three ways of docs/clients.md to use the official client, @engage_so/js 1.6.0, whose address is fixed in its code.

let app: Awaited<ReturnType<typeof startListening>>;
let directory: string;

/** A program that uses the client, and prints the response. */
const program = `
const client = require(${JSON.stringify(resolve('node_modules/@engage_so/js/node/index.js'))});
client.init(process.env.CREDENTIALS_KEY);
client.identify({ id: process.env.USER_UID, first_name: 'Ada' }).then((user) => console.log(JSON.stringify(user)));`;

beforeAll(async () => {
  app = await startListening();
  directory = await mkdtemp(join(tmpdir(), 'usergraph-clients-'));
  await writeFile(join(directory, 'app.cjs'), program);
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

const environment = (uid: string) => ({
  USER_UID: uid,
  CREDENTIALS_KEY: credentialsOf(app.owner).key,
  USERGRAPH_URL: `http://127.0.0.1:${app.port}/v1`,
});

async function expectIdentified(uid: string, stdout: string) {
  expect(JSON.parse(stdout)).toEqual({ uid, first_name: 'Ada', meta: {} });
  expect(await app.db.user.count({ where: { uid, firstName: 'Ada' } })).toBe(1);
}

/** A self-signed certificate for the client's address, as an organization's own CA issues it. */
async function createCertificate() {
  const [key, certificate] = [join(directory, 'key.pem'), join(directory, 'certificate.pem')];
  const name = ['-subj', '/CN=api.engage.so', '-addext', 'subjectAltName=DNS:api.engage.so'];
  const output = ['-keyout', key, '-out', certificate];
  const child = spawn('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...name, ...output]);
  const [code] = await once(child, 'exit');
  expect(code, 'openssl').toBe(0);
  return { path: certificate, key: await readFile(key), cert: await readFile(certificate) };
}

/** Terminates TLS for api.engage.so in front of the gateway. */
function createTlsProxy(credentials: { key: Buffer; cert: Buffer }): Server {
  return createTlsServer(credentials, (socket) => {
    const upstream = connect(app.port, '127.0.0.1');
    socket.pipe(upstream).pipe(socket);
    for (const each of [socket, upstream]) each.on('error', () => each.destroy());
  });
}

/** Answers CONNECT requests for api.engage.so with a connection to the TLS proxy, in place of its DNS entry. */
function createForwardProxy(tlsPort: number, destinations: string[]): Server {
  return createServer().on('connect', ({ url = '' }, socket) => {
    destinations.push(url);
    const upstream = connect(tlsPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      socket.pipe(upstream).pipe(socket);
    });
    for (const each of [socket, upstream]) each.on('error', () => each.destroy());
  });
}

it('reaches the gateway unmodified through a proxy with a certificate for its address', async () => {
  const certificate = await createCertificate();
  const tls = createTlsProxy(certificate);
  const destinations: string[] = [];
  const proxy = createForwardProxy(await listenOnFreePort(tls), destinations);
  const env = {
    ...environment('viaProxy'),
    NODE_USE_ENV_PROXY: '1',
    HTTPS_PROXY: `http://127.0.0.1:${await listenOnFreePort(proxy)}`,
    NODE_EXTRA_CA_CERTS: certificate.path,
  };
  const { stdout, stderr } = await runProgram(join(directory, 'app.cjs'), [], { env });
  expect(stderr).toBe('');
  expect(destinations).toEqual(['api.engage.so:443']);
  await expectIdentified('viaProxy', stdout);
  for (const server of [proxy, tls]) server.close();
});

it('reaches the gateway with a fetch wrapper that Node.js loads before the program', async () => {
  const env = environment('viaWrapper');
  const args = [resolve('examples/official-client/register.mjs'), join(directory, 'app.cjs')];
  const { stdout, stderr } = await runProgram('--import', args, { env });
  expect(stderr).toBe('');
  await expectIdentified('viaWrapper', stdout);
});

it('accepts an address with a slash at its end', async () => {
  const env = environment('viaSlash');
  const args = [resolve('examples/official-client/register.mjs'), join(directory, 'app.cjs')];
  const { stdout } = await runProgram('--import', args, { env: { ...env, USERGRAPH_URL: `${env.USERGRAPH_URL}/` } });
  await expectIdentified('viaSlash', stdout);
});

it('fails with what to do if no address is set', async () => {
  const args = [resolve('examples/official-client/register.mjs'), join(directory, 'app.cjs')];
  const { code, stderr } = await runProgram('--import', args, { env: { ...environment('nobody'), USERGRAPH_URL: '' } });
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('Error: Set USERGRAPH_URL, such as https://usergraph.example.com/v1.\n'),
  ]);
});

it('reaches the gateway from a bundle with an alias for its fetch', async () => {
  const env = environment('viaBundle');
  const config = ['--config', resolve('examples/official-client/vite.config.js')];
  const output = ['--ssr', join(directory, 'app.cjs'), '--outDir', join(directory, 'bundle'), '--logLevel', 'error'];
  const built = await runProgram(resolve('node_modules/vite/bin/vite.js'), ['build', ...config, ...output], { env });
  expect(built.stderr).toBe('');
  // Without the address in its environment: it is part of the bundle.
  const { USERGRAPH_URL: _, ...runtime } = env;
  const { stdout, stderr } = await runProgram(join(directory, 'bundle', 'app.js'), [], { env: runtime });
  expect(stderr).toBe('');
  await expectIdentified('viaBundle', stdout);
});
