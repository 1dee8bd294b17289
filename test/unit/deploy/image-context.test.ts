import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseIgnoreFile } from '../../kit/image/ignore-file.ts';

const isInContext = parseIgnoreFile(readFileSync('deploy/Dockerfile.dockerignore', 'utf8'));

it.each([
  'package.json',
  'package-lock.json',
  'docs/deployment.md',
  'deploy/health-check.js',
  'scripts/db-migrate.ts',
  'src/main.ts',
  'src/db/generated/client.ts',
])('the context of the image has %s', (path) => {
  expect(isInContext(path)).toBe(true);
});

it.each([
  '.env',
  'deploy/.env',
  '.git/config',
  '.data/postgres/PG_VERSION',
  'docs/frontend.png',
  'node_modules/vitest/package.json',
  'scripts/bootstrap.cjs',
  'test/kit/app.ts',
])('the context of the image does not have %s', (path) => {
  expect(isInContext(path)).toBe(false);
});
