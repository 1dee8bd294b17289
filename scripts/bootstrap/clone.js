import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the clone. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A path in the clone. */
export const at = (/** @type {string[]} */ ...parts) => join(root, ...parts);

/** The Node of package-lock.json, which runs everything except this set-up. */
export const node = at('node_modules', '.bin', 'node');
