import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

/** Which layers of src/ a layer may import, beside itself. docs/architecture.md has the same table. */
const allowed: Record<string, string[]> = {
  main: ['app', 'auth', 'config', 'db', 'dev', 'greeting', 'observability'],
  app: ['auth', 'db', 'graphql', 'graphiql', 'health'],
  graphql: ['domain', 'auth', 'db'],
  cli: ['config', 'domain', 'auth', 'db'],
  auth: ['db', 'domain/errors'],
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

/** `src/graphql/users/user.ts` is of `graphql`, `src/app.ts` of `app`. */
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
  const doors = new Set(['app', 'graphql', 'graphiql', 'health', 'cli', 'main']);
  expect(breaches((file, imported) => doors.has(layerOf(file)) && imported.includes('db/generated'))).toEqual([]);
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
  const readers = files.filter((file) => /process\.env/.test(readFileSync(file, 'utf8')));
  // The tools of PostgreSQL inherit it; nothing of it is read.
  expect(readers.sort()).toEqual(['src/cli/main.ts', 'src/dev/postgres-tools.ts', 'src/main.ts']);
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
