// Runs after each installation (`postinstall`): removes what usergraph never loads. It must run on Node 20.
// - 64 MB of @prisma/client: the query compilers of other databases, and the smaller and slower one of PostgreSQL.
// - 15 MB of @opentelemetry: the builds for bundlers and browsers, and the source maps.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const runtime = fileURLToPath(new URL('../node_modules/@prisma/client/runtime/', import.meta.url));

for (const name of existsSync(runtime) ? readdirSync(runtime) : []) {
  if (name.startsWith('query_compiler_') && !name.startsWith('query_compiler_fast_bg.postgresql.')) {
    rmSync(join(runtime, name));
  }
}

const telemetry = fileURLToPath(new URL('../node_modules/@opentelemetry/', import.meta.url));

for (const path of existsSync(telemetry) ? readdirSync(telemetry, { recursive: true, encoding: 'utf8' }) : []) {
  if (/[\\/]build[\\/](esm|esnext)$|\.map$/.test(path)) rmSync(join(telemetry, path), { recursive: true, force: true });
}
