import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { inClone, root } from './clone.js';
import { SetupError } from './setup-error.js';

/** Contains the pid of its owner and, while npm runs, the pid of npm, which leads a process group of its own. */
const lock = inClone('.bootstrap.lock');
const heartbeatMs = 2_000;
/** A lock without a heartbeat for this long is stale, even if its pid exists: another process may have reused it. */
const staleMs = 30_000;
const pollMs = 200;

const sleep = () => new Promise((resolve) => setTimeout(resolve, pollMs));

/** Runs one setup of a clone at a time: concurrent `npm start` and `npm test` would otherwise both run npm. */
export async function withLock(/** @type {() => Promise<void>} */ setUp) {
  let isWaiting = false;
  while (!acquireLock()) {
    if (!isWaiting) console.log('Waiting for another process to finish setting up this folder.');
    isWaiting = true;
    await sleep();
  }
  const heartbeat = setInterval(() => utimesSync(lock, new Date(), new Date()), heartbeatMs);
  try {
    await setUp();
  } finally {
    clearInterval(heartbeat);
    rmSync(lock, { force: true });
  }
}

/** Records npm in the lock of this process, so that the next owner can end it if this process is killed. */
export function recordNpm(/** @type {number} */ pid) {
  writeFileSync(lock, `${process.pid} ${pid}`);
}

function acquireLock() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw new SetupError(`Cannot write to ${root}: ${error.message}`);
  }
  const stale = readStaleLock();
  if (!stale) return false;
  if (isNpm(stale.npm)) {
    // npm outlives a bootstrap that was killed, and would go on changing node_modules. The lock is taken once npm is gone.
    kill(-stale.npm, 'SIGKILL');
    return false;
  }
  // Of several processes that see the stale lock, one succeeds in renaming it. A newer lock is renamed back.
  const renamed = `${lock}.${process.pid}`;
  try {
    renameSync(lock, renamed);
    if (statSync(renamed).ino !== stale.inode) {
      renameSync(renamed, lock);
      return false;
    }
    rmSync(renamed);
  } catch {
    // Another process renamed it first.
  }
  return acquireLock();
}

/** @returns {{ inode: number, npm: number } | undefined} the lock if its owner no longer runs. */
function readStaleLock() {
  try {
    const { ino: inode, mtimeMs } = statSync(lock);
    const [owner = 0, npm = 0] = readFileSync(lock, 'utf8').split(' ').map(Number);
    const hasNoHeartbeat = Date.now() - mtimeMs > staleMs;
    return hasNoHeartbeat || (owner > 0 && !kill(owner, 0)) ? { inode, npm } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a process is npm at work. Another program may have got the pid since. */
function isNpm(/** @type {number} */ pid) {
  if (!(pid > 0) || !kill(pid, 0)) return false;
  const { stdout } = spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  return /\bnpm\b.* (ci|install)\b/.test(stdout ?? '');
}

/** @returns whether the process or process group exists. */
function kill(/** @type {number} */ pid, /** @type {NodeJS.Signals | 0} */ signal) {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    return error.code === 'EPERM';
  }
}
