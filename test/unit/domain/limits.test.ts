import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as limits from '../../../src/domain/shared/limits.ts';
import * as pagination from '../../../src/domain/shared/pagination.ts';

const files = globSync('src/**/*.ts', { exclude: ['src/db/generated/**'] }).map((file) => ({
  file,
  source: readFileSync(file, 'utf8'),
}));

const filesWith = (pattern: RegExp) => files.filter(({ source }) => pattern.test(source)).map(({ file }) => file);

it.each([...Object.keys(limits), ...Object.keys(pagination).filter((name) => /^(MAX|DEFAULT)_/.test(name))])(
  'declares %s once',
  (name) => {
    expect(filesWith(new RegExp(`(const|let) ${name}\\b`))).toHaveLength(1);
  },
);

it('declares the platforms of devices once', () => {
  expect(filesWith(/\[\s*'(android|ios)',\s*'(android|ios)'\s*\]|'android' \| 'ios'/)).toEqual([]);
});
