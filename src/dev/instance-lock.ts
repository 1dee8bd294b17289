import { createHash } from 'node:crypto';
import { mkdir, realpath, rename, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartError } from './start-error.ts';

export interface InstanceLock {
  release(): Promise<void>;
}

/** How long the holder has to answer with its process id. */
const answerMs = 1_000;
/** A holder that ends while we ask leaves the lock free, so ask again. */
const attempts = 5;

/**
 * Keeps a second usergraph off a data folder. The lock is a listening socket, so the kernel releases it however the
 * process dies. It does not keep the process alive.
 *
 * @throws {StartError} naming the process that holds the folder.
 */
export async function lockDirectory(directory: string): Promise<InstanceLock> {
  await mkdir(directory, { recursive: true }).catch((error: unknown) => {
    throw new StartError(`The data folder ${directory} cannot be made (${error}). Change the rights, or use another.`);
  });
  const address = lockAddress(await realpath(directory));
  for (let attempt = 0; attempt < attempts; attempt++) {
    const server = await listen(address);
    if (server) return { release: () => close(server) };
    const holder = await askHolder(address);
    if (holder.alive) {
      const pid = holder.pid ? ` (process ${holder.pid})` : '';
      throw new StartError(`usergraph already runs on ${directory}${pid}. Stop it first, or use another data folder.`);
    }
    await removeStaleSocket(address);
  }
  throw new StartError(`usergraph cannot lock ${directory}. Try again.`);
}

/** Linux has socket names without a file; on macOS the socket is a file that outlives its process. */
export function lockAddress(path: string, platform: NodeJS.Platform = process.platform): string {
  const name = createHash('sha256').update(path).digest('hex').slice(0, 32);
  if (platform === 'linux') return `\0usergraph:${name}`;
  return join(tmpdir(), `usergraph-${name}.lock`);
}

/** @returns the listening server, or nothing where the address is in use. */
export function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.unref();
      socket.on('error', () => {});
      socket.end(String(process.pid));
    });
    server.unref();
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => resolve(server));
  });
}

interface Holder {
  alive: boolean;
  pid?: string;
}

export function askHolder(address: string): Promise<Holder> {
  return new Promise((resolve) => {
    let pid = '';
    const socket = createConnection(address);
    socket.setEncoding('utf8');
    socket.setTimeout(answerMs, () => socket.destroy());
    socket.on('data', (text) => {
      pid += text;
    });
    socket.on('error', () => resolve({ alive: false }));
    socket.on('close', () => resolve({ alive: true, pid }));
  });
}

/**
 * Two processes may find the same stale file. Renaming gives it to one of them; should the other rename the file that
 * the first has made since, it sees by asking again, and puts it back.
 */
export async function removeStaleSocket(address: string): Promise<void> {
  if (address.startsWith('\0')) return;
  const aside = `${address}.${process.pid}`;
  try {
    await rename(address, aside);
    if ((await askHolder(aside)).alive) await rename(aside, address);
    else await rm(aside, { force: true });
  } catch {
    // Another process has taken it already.
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
