import { spawn } from 'node:child_process';
import { root } from './clone.js';
import { SetupError } from './setup-error.js';

const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * Runs a program in the clone. A signal kills the program first, so that the lock is released only after it has exited: npm
 * would otherwise keep running during the next setup. Asynchronous, because the lock needs its heartbeat.
 * @returns {Promise<{ code: number | string, output: string }>} the exit code or signal, and the output if it is piped.
 */
export function run(/** @type {string} */ program, /** @type {string[]} */ args, /** @type {object} */ options) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, ...options });
    let output = '';
    const collect = (/** @type {string} */ text) => {
      output += text;
    };
    child.stdout?.setEncoding('utf8').on('data', collect);
    child.stderr?.setEncoding('utf8').on('data', collect);
    const kill = () => child.kill('SIGKILL');
    for (const signal of signals) process.on(signal, kill);
    child.on('error', (error) => reject(new SetupError(`Cannot run ${program}: ${error.message}`)));
    child.on('close', (code, killedBy) => {
      for (const signal of signals) process.off(signal, kill);
      resolve({ code: code ?? killedBy, output });
    });
  });
}
