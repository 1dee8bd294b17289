// Runs after each installation (`postinstall`): removes 64 MB that usergraph never loads from @prisma/client: the query
// compilers of other databases, and the smaller and slower one of PostgreSQL. It must run on Node 20.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const runtime = fileURLToPath(new URL('../node_modules/@prisma/client/runtime/', import.meta.url));

for (const name of existsSync(runtime) ? readdirSync(runtime) : []) {
  if (name.startsWith('query_compiler_') && !name.startsWith('query_compiler_fast_bg.postgresql.')) {
    rmSync(join(runtime, name));
  }
}
