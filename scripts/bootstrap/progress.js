import { execFile } from 'node:child_process';

const POLL_MS = 500;
/** Interval of the lines where the output is not a terminal. */
const LINE_MS = 5_000;

/**
 * @typedef {object} Progress
 * @property {string} title what is installed, and why; the first line.
 * @property {string} folder the folder that grows.
 * @property {number} megabytes its expected size.
 */

/**
 * Prints what is installed, and how much of it is on disk: on a terminal in one line that is updated, elsewhere in a line every
 * few seconds.
 * @param {Progress} progress
 * @returns {() => void} stops it and prints the time taken.
 */
export function showProgress({ title, folder, megabytes }) {
  const { stdout } = process;
  const startedAt = Date.now();
  let printedAt = startedAt;
  let isStopped = false;
  stdout.write(`${title}\n`);

  function print(/** @type {number} */ size) {
    // An update of another version replaces files of about the same size.
    const shown = Math.min(size, megabytes);
    const text = `  ${shown} of ${megabytes} MB (${Math.floor((shown / megabytes) * 100)} %)`;
    if (stdout.isTTY) stdout.write(`\r${text}`);
    else if (Date.now() - printedAt >= LINE_MS) {
      printedAt = Date.now();
      stdout.write(`${text}\n`);
    }
  }

  const timer = setInterval(() => {
    execFile('du', ['-sk', folder], (_error, output) => {
      const kilobytes = Number.parseInt(output, 10);
      if (kilobytes > 0 && !isStopped) print(Math.round(kilobytes / 1024));
    });
  }, POLL_MS);

  return () => {
    isStopped = true;
    clearInterval(timer);
    if (stdout.isTTY) stdout.write('\r\x1b[K');
    stdout.write(`  finished after ${Math.round((Date.now() - startedAt) / 1000)} s\n`);
  };
}
