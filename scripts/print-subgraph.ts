// Writes the schema for a schema registry or a composition tool. With --without-scopes, it has no @requiresScopes, for routers
// that cannot load a supergraph with it, such as @apollo/gateway.
import { writeFile } from 'node:fs/promises';
import { printedSubgraph } from '../test/kit/printed-schema.ts';

const WITHOUT_SCOPES = '--without-scopes';

const options = process.argv.slice(2);
const unknown = options.filter((option) => option !== WITHOUT_SCOPES);
if (unknown.length > 0) {
  process.stderr.write(`The only option is ${WITHOUT_SCOPES}; got ${unknown.join(' ')}.\n`);
  process.exit(1);
}
const scopes = !options.includes(WITHOUT_SCOPES);
const file = scopes ? 'subgraph.graphql' : 'subgraph-without-scopes.graphql';
await writeFile(file, printedSubgraph(scopes));
process.stdout.write(`Wrote ${file}. Publish it to a schema registry or compose it.\n`);
