// Makes today's schema that of the last release, from which on breaks are counted.
import { copyFile, writeFile } from 'node:fs/promises';
import { ACCEPTED, RELEASED } from './schema-breaks.ts';

await copyFile('schema.graphql', RELEASED);
await writeFile(ACCEPTED, '[]\n');
process.stdout.write(`${RELEASED} is today's schema, and no break is accepted any more.\n`);
