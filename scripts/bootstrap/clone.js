import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that is set up. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A path within it. */
export const at = (/** @type {string[]} */ ...parts) => join(root, ...parts);

/** The Node that the lock file brings along, and everything but the set-up runs on. */
export const node = at('node_modules', '.bin', 'node');
