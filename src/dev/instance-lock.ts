import { createHash } from 'node:crypto';
import { mkdir, realpath, rename, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StartError } from './start-error.ts';

export interface InstanceLock {
  release(): Promise<void>;
}

/** How long to wait for the holder's process id. */
const HOLDER_TIMEOUT_MS = 1_000;
/** A holder that exits during an attempt frees the lock for the next attempt. */
const MAX_ATTEMPTS = 5;

/**
 * Locks a data folder against a second usergraph process. The lock is a listening socket, which the kernel releases
 * even if the process is killed. It does not keep the event loop alive.
 *
 * @throws {StartError} naming the process that holds the lock.
 */
export async function lockDirectory(directory: string): Promise<InstanceLock> {
  await mkdir(directory, { recursive: true }).catch((error: unknown) => {
    throw new StartError(
      `Cannot create the data folder ${directory} (${error}). Change the permissions, or set DATA_DIR.`,
    );
  });
  const address = lockAddress(await realpath(directory));
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const server = await listen(address);
    if (server) return { release: () => close(server) };
    const holder = await askHolder(address);
    if (holder.alive) {
      const pid = holder.pid ? ` (process ${holder.pid})` : '';
      throw new StartError(
        `Another usergraph${pid} is using ${directory}. Stop it, or set DATA_DIR to another folder.`,
      );
    }
    await removeStaleSocket(address);
  }
  throw new StartError(`Cannot lock ${directory}. Start usergraph again.`);
}

/** On Linux, an abstract socket without a file. On other systems the socket is a file, which can outlive its process. */
export function lockAddress(path: string, platform: NodeJS.Platform = process.platform): string {
  const name = createHash('sha256').update(path).digest('hex').slice(0, 32);
  if (platform === 'linux') return `\0usergraph:${name}`;
  return join(tmpdir(), `usergraph-${name}.lock`);
}

/** @returns the listening server, or undefined if the address is in use. */
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
    socket.setTimeout(HOLDER_TIMEOUT_MS, () => socket.destroy());
    socket.on('data', (text) => {
      pid += text;
    });
    socket.on('error', () => resolve({ alive: false }));
    socket.on('close', () => resolve({ alive: true, pid }));
  });
}

/**
 * Removes the socket file of a dead process. Two processes may find the same file. It is renamed first, so that a process
 * that renames the other's new socket by mistake detects that it is in use, and restores it.
 */
export async function removeStaleSocket(address: string): Promise<void> {
  if (address.startsWith('\0')) return;
  const aside = `${address}.${process.pid}`;
  try {
    await rename(address, aside);
    if ((await askHolder(aside)).alive) await rename(aside, address);
    else await rm(aside, { force: true });
  } catch {
    // Another process has removed the file.
  }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
