// Writes subgraph.graphql, the schema for a schema registry or a composition tool.
import { writeFile } from 'node:fs/promises';
import { printedSubgraph } from '../test/kit/printed-schema.ts';

await writeFile('subgraph.graphql', printedSubgraph());
process.stdout.write('Wrote subgraph.graphql. Publish it to a schema registry or compose it.\n');
