import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { at, root } from './clone.js';
import { SetupError } from './setup-error.js';

const lock = at('.bootstrap.lock');
const heartbeatMs = 2_000;
/** A lock not touched for this long was left by a process that is gone, whoever has its pid now. */
const staleMs = 30_000;
const askAgainMs = 200;

/** One set-up at a time in one clone: `npm start` and `npm test` at once would both run npm ci. */
export async function withLock(/** @type {() => Promise<void>} */ work) {
  let said = false;
  while (!takeLock()) {
    if (!said) console.log('Another process is setting this folder up; waiting for it.');
    said = true;
    await new Promise((settle) => setTimeout(settle, askAgainMs));
  }
  const heartbeat = setInterval(() => utimesSync(lock, new Date(), new Date()), heartbeatMs);
  try {
    await work();
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
    if (error.code !== 'EEXIST') throw new SetupError(`${root} cannot be written to: ${error.message}`);
  }
  const stale = abandonedLock();
  if (stale === undefined) return false;
  // Renaming takes the file away from all who look at it at once. Should it be a newer one, it goes back.
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    if (statSync(aside).ino !== stale) {
      renameSync(aside, lock);
      return false;
    }
    rmSync(aside);
  } catch {
    // Somebody else was quicker.
  }
  return takeLock();
}

/** @returns {number | undefined} the inode of a lock whose owner is gone. */
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
