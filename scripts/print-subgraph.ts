// Writes subgraph.graphql, the schema as a registry or a composer takes it.
import { writeFile } from 'node:fs/promises';
import { printedSubgraph } from '../test/kit/printed-schema.ts';

await writeFile('subgraph.graphql', printedSubgraph());
process.stdout.write('subgraph.graphql is written: publish it to a registry, or compose it.\n');
