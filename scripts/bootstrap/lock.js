import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { inClone, root } from './clone.js';
import { SetupError } from './setup-error.js';

const lock = inClone('.bootstrap.lock');
const heartbeatMs = 2_000;
/** A lock without a heartbeat for this long is stale, even if its pid exists: another process may have reused it. */
const staleMs = 30_000;
const pollMs = 200;

/** Runs one setup of a clone at a time: concurrent `npm start` and `npm test` would otherwise both run npm ci. */
export async function withLock(/** @type {() => Promise<void>} */ setUp) {
  let isWaiting = false;
  while (!acquireLock()) {
    if (!isWaiting) console.log('Waiting for another process to finish setting up this folder.');
    isWaiting = true;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  const heartbeat = setInterval(() => utimesSync(lock, new Date(), new Date()), heartbeatMs);
  try {
    await setUp();
  } finally {
    clearInterval(heartbeat);
    rmSync(lock, { force: true });
  }
}

function acquireLock() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw new SetupError(`Cannot write to ${root}: ${error.message}`);
  }
  const staleInode = inodeOfStaleLock();
  if (staleInode === undefined) return false;
  // Of several processes that see the stale lock, one succeeds in renaming it. A newer lock is renamed back.
  const renamed = `${lock}.${process.pid}`;
  try {
    renameSync(lock, renamed);
    if (statSync(renamed).ino !== staleInode) {
      renameSync(renamed, lock);
      return false;
    }
    rmSync(renamed);
  } catch {
    // Another process renamed it first.
  }
  return acquireLock();
}

/** @returns {number | undefined} the inode of the lock if its owner no longer runs. */
function inodeOfStaleLock() {
  try {
    const { ino, mtimeMs } = statSync(lock);
    const pid = Number(readFileSync(lock, 'utf8'));
    const hasNoHeartbeat = Date.now() - mtimeMs > staleMs;
    return hasNoHeartbeat || (pid > 0 && !isAlive(pid)) ? ino : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(/** @type {number} */ pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}
