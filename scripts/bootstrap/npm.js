import { spawn } from 'node:child_process';
import { delimiter, join, resolve } from 'node:path';
import { inClone } from './clone.js';
import { recordNpm } from './lock.js';
import { showProgress } from './progress.js';
import { SetupError } from './setup-error.js';

const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * Runs npm in a folder and shows how far it is.
 * @param {string[]} args
 * @param {{ cwd: string, title: string, unpackedMegabytes: number }} options
 * @throws {SetupError} if npm fails.
 */
export async function runNpm(args, { cwd, ...progress }) {
  const stopProgress = showProgress({ ...progress, folder: join(cwd, 'node_modules') });
  const { code, errors } = await run([...args, '--no-audit', '--no-fund', '--loglevel=error'], cwd).finally(
    stopProgress,
  );
  if (code === 0) return;
  console.error(errors.trimEnd());
  throw new SetupError(
    `npm ${args[0]} failed (${code}); see its messages above. Check the network and the free disk space, then run the command again.`,
  );
}

/**
 * Runs npm in a process group of its own, so that it can be killed together with install scripts. A signal kills npm first: the
 * lock is released only after npm has exited. Asynchronous, because the lock needs its heartbeat.
 * @returns {Promise<{ code: number | string, errors: string }>} the exit code or signal, and npm's messages.
 */
function run(/** @type {string[]} */ args, /** @type {string} */ cwd) {
  return new Promise((resolvePromise, reject) => {
    /** @type {number | undefined} */
    let pid;
    const kill = () => pid && process.kill(-pid, 'SIGKILL');
    // Before npm starts: a signal in between would leave it running.
    for (const signal of signals) process.on(signal, kill);
    const child = spawn('npm', args, {
      cwd,
      env: environmentOutside(),
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    pid = child.pid;
    if (pid) recordNpm(pid);
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      errors += text;
    });
    child.on('error', (error) => reject(new SetupError(`Cannot run npm: ${error.message}`)));
    child.on('close', (code, killedBy) => {
      for (const signal of signals) process.off(signal, kill);
      resolvePromise({ code: code ?? killedBy ?? '', errors });
    });
  });
}

/** The environment without the clone's own Node.js, which npm may replace. */
export function environmentOutside() {
  const bin = inClone('node_modules', '.bin');
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => resolve(entry) !== bin);
  return { ...process.env, PATH: path.join(delimiter) };
}
