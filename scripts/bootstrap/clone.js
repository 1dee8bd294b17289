import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the clone. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Joins a path relative to the root of the clone. */
export const inClone = (/** @type {string[]} */ ...parts) => join(root, ...parts);
