import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { at, root } from './clone.js';
import { SetupError } from './setup-error.js';

const lock = at('.bootstrap.lock');
const heartbeatMs = 2_000;
/** The owner of a lock without a heartbeat for this long is gone, even if another process has its pid. */
const staleMs = 30_000;
const pollMs = 200;

/** Allows one set-up of a clone at a time: concurrent `npm start` and `npm test` would both run npm ci. */
export async function withLock(/** @type {() => Promise<void>} */ setUp) {
  let isWaiting = false;
  while (!takeLock()) {
    if (!isWaiting) console.log('Waiting for another process that sets up this folder.');
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

function takeLock() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw new SetupError(`Cannot write to ${root}: ${error.message}`);
  }
  const stale = abandonedLock();
  if (stale === undefined) return false;
  // Of several processes that see the stale lock, one succeeds in renaming it. A newer lock is renamed back.
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    if (statSync(aside).ino !== stale) {
      renameSync(aside, lock);
      return false;
    }
    rmSync(aside);
  } catch {
    // Another process renamed it first.
  }
  return takeLock();
}

/** @returns {number | undefined} the inode of a lock whose owner is gone; undefined if there is none. */
function abandonedLock() {
  try {
    const { ino, mtimeMs } = statSync(lock);
    const pid = Number(readFileSync(lock, 'utf8'));
    const untouched = Date.now() - mtimeMs > staleMs;
    return untouched || (pid > 0 && !isAlive(pid)) ? ino : undefined;
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
