// Records the current schema as the released one, to which the check for breaking changes compares.
import { copyFile, writeFile } from 'node:fs/promises';
import { ACCEPTED, RELEASED } from './schema-breaks.ts';

await copyFile('schema.graphql', RELEASED);
await writeFile(ACCEPTED, '[]\n');
process.stdout.write(`Wrote the current schema to ${RELEASED} and cleared the accepted breaking changes.\n`);
