import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

/** Which layers of src/ a layer may import, beside itself. docs/architecture.md has the same table. */
const allowed: Record<string, string[]> = {
  // Types of what is configured, and no code.
  config: ['auth/tokens', 'db/waits', 'graphql/limits/limits', 'http/server'],
  main: ['cluster', 'config', 'greeting', 'lifecycle', 'observability', 'serve', 'store'],
  cluster: ['config', 'dev/start-error', 'greeting', 'http/count-points', 'lifecycle', 'serve', 'store'],
  lifecycle: ['config', 'db/migrate', 'dev/start-error', 'graphql/persisted-operations'],
  serve: ['app', 'auth', 'config', 'db', 'http/count-in-postgres', 'http/count-points', 'jobs', 'store'],
  jobs: ['domain', 'db/client'],
  store: ['auth', 'config', 'db/client', 'dev', 'domain'],
  app: ['auth', 'db', 'federation', 'graphql', 'graphiql', 'health', 'http', 'rest'],
  graphql: [
    'domain',
    'auth',
    'http',
    'db/batches',
    'db/client',
    'db/columns',
    'db/count-rows',
    'db/errors',
    'db/keyset',
    'db/waits',
  ],
  federation: [
    'domain',
    'graphql/context',
    'graphql/global-id',
    'graphql/load-node',
    'graphql/schema',
    'graphql/selected',
  ],
  rest: ['domain', 'auth', 'http', 'db/client'],
  http: ['auth', 'db/errors', 'db/waits'],
  cli: ['config', 'domain', 'auth', 'db'],
  auth: ['db', 'domain/actor', 'domain/errors', 'domain/new-id', 'domain/scopes', 'domain/workspaces'],
  dev: ['db', 'config', 'domain'],
  domain: ['db'],
};

const files = globSync('src/**/*.ts', { exclude: ['src/db/generated/**'] });
const imports = new Map(files.map((file) => [file, importsOf(file)]));

function importsOf(file: string): string[] {
  const source = readFileSync(file, 'utf8');
  return [...source.matchAll(/from '(\.[^']+)'|^import '(\.[^']+)'/gm)].map(([, from, bare]) =>
    join(dirname(file), from ?? bare ?? ''),
  );
}

/** `src/graphql/schema/users.ts` is of `graphql`, `src/app.ts` of `app`. */
const layerOf = (file: string) => file.split('/')[1]?.replace('.ts', '') ?? '';

const breaches = (isBreach: (file: string, imported: string) => boolean) =>
  files.flatMap((file) =>
    (imports.get(file) ?? []).filter((other) => isBreach(file, other)).map((other) => `${file} imports ${other}`),
  );

it('imports in one direction', () => {
  const isBreach = (file: string, imported: string) =>
    layerOf(file) !== layerOf(imported) &&
    !(allowed[layerOf(file)] ?? []).some(
      (layer) => imported.startsWith(`src/${layer}.`) || imported.startsWith(`src/${layer}/`),
    );
  expect(files.length).toBeGreaterThan(50);
  expect(breaches(isBreach)).toEqual([]);
});

it('keeps SQL and the generated client out of the doors', () => {
  const doors = new Set([
    'app',
    'graphql',
    'graphiql',
    'health',
    'rest',
    'cli',
    'jobs',
    'main',
    'cluster',
    'serve',
    'store',
  ]);
  expect(breaches((file, imported) => doors.has(layerOf(file)) && imported.includes('db/generated'))).toEqual([]);
});

it('gives the doors the types of the database client, and the client itself to none', () => {
  const sources = files.filter((file) => ['app', 'graphql', 'jobs', 'rest'].includes(layerOf(file)));
  const values = sources.filter((file) => /^import \{.*db\/client\.ts/m.test(readFileSync(file, 'utf8')));
  expect(values).toEqual([]);
});

it('lets a folder of graphql/ import no queries or mutations of another', () => {
  const typeFiles = /\/(user|device|list|segment|event)\.ts$/;
  const folderOf = (file: string) => /^src\/graphql\/(\w+)\//.exec(file)?.[1];
  const isBreach = (file: string, imported: string) =>
    folderOf(file) !== undefined &&
    folderOf(imported) !== undefined &&
    folderOf(file) !== folderOf(imported) &&
    !typeFiles.test(imported);
  expect(breaches(isBreach)).toEqual([]);
});

it('reads the environment in one place', () => {
  const lines = [...files, ...globSync('scripts/**/*.{ts,js}')].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^.*process\.env.*$/gm)].map(([line]) => ({ file, line })),
  );
  const readers = lines.filter(({ line }) => !/(readConfig|useDatabase)\(process\.env\)/.test(line));
  expect(lines.length).toBeGreaterThan(readers.length);
  // What programs that we start inherit; the set-up also looks for npm.
  expect([...new Set(readers.map(({ file }) => file))].sort()).toEqual([
    'scripts/bootstrap/packages.js',
    'scripts/bootstrap/prisma-client.js',
    'src/dev/postgres-tools.ts',
  ]);
});

it('has no cycle', () => {
  const done = new Set<string>();
  function visit(file: string, path: string[]): void {
    if (path.includes(file)) expect.fail(`A cycle: ${[...path, file].join(' → ')}`);
    if (done.has(file)) return;
    for (const other of imports.get(file) ?? []) visit(other, [...path, file]);
    done.add(file);
  }
  for (const file of files) visit(file, []);
});
