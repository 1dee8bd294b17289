import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the clone. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Joins a path relative to the root of the clone. */
export const inClone = (/** @type {string[]} */ ...parts) => join(root, ...parts);

/** The Node of package-lock.json, which runs everything except this setup. */
export const node = inClone('node_modules', '.bin', 'node');
