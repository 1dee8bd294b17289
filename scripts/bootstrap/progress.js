import { execFile } from 'node:child_process';

const POLL_MS = 1_000;
/** Interval of the lines where the output is not a terminal. */
const LINE_MS = 5_000;

/**
 * @typedef {object} Progress
 * @property {string} title what is installed, and why; the first line.
 * @property {string} folder the folder that grows.
 * @property {number} unpackedMegabytes its largest size while npm runs.
 */

/**
 * Prints what is installed, and how much of it is on disk: on a terminal in one line that is updated, elsewhere in a line every
 * few seconds.
 * @param {Progress} progress
 * @returns {() => void} stops it and prints the time taken.
 */
export function showProgress({ title, folder, unpackedMegabytes }) {
  const { stdout } = process;
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  let printedAt = startedAt;
  let isStopped = false;
  /** What is already there, unless npm removes it. */
  let smallest = unpackedMegabytes;
  stdout.write(`${title}\n`);

  function print(/** @type {number} */ size) {
    smallest = Math.min(smallest, size);
    const total = unpackedMegabytes - smallest;
    const added = Math.min(size - smallest, total);
    const percent = total > 0 ? Math.floor((added / total) * 100) : 0;
    const text = `  unpacked ${added} of ${total} MB (${percent} %) after ${seconds()} s`;
    if (stdout.isTTY) stdout.write(`\r\x1b[K${text}`);
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
    stdout.write(`${stdout.isTTY ? '\r\x1b[K' : ''}  npm took ${seconds()} s\n`);
  };
}
