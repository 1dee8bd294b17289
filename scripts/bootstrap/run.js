import { spawn } from 'node:child_process';
import { root } from './clone.js';
import { SetupError } from './setup-error.js';

const interruptions = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/**
 * Runs a program in the clone. Interrupted, it ends the program first, and the lock is let go only then: npm would go on
 * for a while, into the next set-up. Not synchronously: the lock has to show that we are alive.
 * @returns {Promise<{ code: number | string, output: string }>} its exit code or signal, and what it has written into pipes.
 */
export function run(/** @type {string} */ program, /** @type {string[]} */ args, /** @type {object} */ options) {
  return new Promise((settle, reject) => {
    const child = spawn(program, args, { cwd: root, ...options });
    let output = '';
    const collect = (/** @type {string} */ text) => {
      output += text;
    };
    child.stdout?.setEncoding('utf8').on('data', collect);
    child.stderr?.setEncoding('utf8').on('data', collect);
    const end = () => child.kill('SIGKILL');
    for (const signal of interruptions) process.on(signal, end);
    child.on('error', (error) => reject(new SetupError(`${program} does not run: ${error.message}`)));
    child.on('close', (code, signal) => {
      for (const interruption of interruptions) process.off(interruption, end);
      settle({ code: code ?? signal, output });
    });
  });
}
