import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

/** What each layer of src/ can import besides itself: layers, folders and files. The only list of these rules. */
const allowed: Record<string, string[]> = {
  main: ['config', 'process', 'telemetry'],
  process: [
    'app',
    'auth',
    'config',
    'db',
    'dev',
    'domain',
    'graphql/execution/persisted-operations',
    'http/limits/postgres-rate-counter',
    'http/limits/rate',
    'http/read-routing',
    'jobs',
    'telemetry',
  ],
  app: ['auth', 'db', 'federation', 'graphql', 'health', 'http', 'rest', 'static-pages'],
  graphql: [
    'domain',
    'auth',
    'http',
    'db/batching',
    'db/client',
    'db/errors',
    'db/reading',
    'db/servers/replicas',
    'db/timeouts',
    'telemetry/channels',
  ],
  federation: ['domain', 'graphql/context', 'graphql/loaders', 'graphql/schema'],
  rest: ['domain', 'auth', 'http', 'db/client', 'version'],
  http: ['auth', 'db/errors', 'db/servers/replicas', 'db/servers/wal-position', 'db/timeouts', 'telemetry'],
  jobs: ['domain', 'db/client', 'db/errors', 'telemetry/channels', 'telemetry/segment-metrics'],
  db: ['telemetry/channels'],
  telemetry: ['db/errors', 'version'],
  cli: ['config', 'domain', 'auth', 'db', 'graphql/schema/global-id'],
  auth: ['db', 'domain/changes', 'domain/shared', 'domain/workspaces'],
  domain: ['db'],
  dev: ['db', 'config', 'domain'],
  // Types of the configuration only, no code.
  config: ['auth/tokens', 'db/timeouts', 'graphql/checks/limits', 'http/server', 'telemetry/tracing'],
};

const files = globSync('src/**/*.ts', { exclude: ['src/db/generated/**'] });
const imports = new Map(files.map((file) => [file, importsOf(file)]));

function importsOf(file: string): string[] {
  const source = readFileSync(file, 'utf8');
  return [...source.matchAll(/from '(\.[^']+)'|^import '(\.[^']+)'|import\('(\.[^']+)'\)/gm)].map(
    ([, from, bare, dynamic]) => join(dirname(file), from ?? bare ?? dynamic ?? ''),
  );
}

/** `src/graphql/schema/users.ts` belongs to `graphql`, `src/app.ts` to `app`. */
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

it('keeps the generated client in the domain and below', () => {
  const users = new Set(['auth', 'db', 'dev', 'domain']);
  expect(breaches((file, imported) => !users.has(layerOf(file)) && imported.includes('db/generated'))).toEqual([]);
});

it('opens the database only in processes, commands and tools', () => {
  const sources = files.filter((file) => ['app', 'graphql', 'jobs', 'rest'].includes(layerOf(file)));
  const values = sources.filter((file) => /^import \{.*db\/client\.ts/m.test(readFileSync(file, 'utf8')));
  expect(values).toEqual([]);
});

it('reads the environment in one place', () => {
  const lines = [...files, ...globSync('scripts/**/*.{ts,js}')].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/^.*process\.env.*$/gm)].map(([line]) => ({ file, line })),
  );
  const readers = lines.filter(({ line }) => !/(readConfig|readCommandConfig|useDatabase)\(process\.env\)/.test(line));
  expect(lines.length).toBeGreaterThan(readers.length);
  // Child processes inherit the environment; the set-up also searches it for npm, and looks for DATABASE_URL.
  expect([...new Set(readers.map(({ file }) => file))].sort()).toEqual([
    'scripts/bootstrap/npm.js',
    'scripts/bootstrap/set-up.js',
    'scripts/install-packages.ts',
    'scripts/prisma-client.ts',
    'src/dev/postgres-tools.ts',
  ]);
});

it('has no cycle', () => {
  const done = new Set<string>();
  function visit(file: string, path: string[]): void {
    if (path.includes(file)) expect.fail(`Import cycle: ${[...path, file].join(' → ')}`);
    if (done.has(file)) return;
    for (const other of imports.get(file) ?? []) visit(other, [...path, file]);
    done.add(file);
  }
  for (const file of files) visit(file, []);
});
