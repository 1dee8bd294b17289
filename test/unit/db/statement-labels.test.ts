import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { labelOf } from '../../../src/db/statements.ts';

/** The start of each SQL statement in the sources: 100 characters from the call of a handle, or of a reading. */
const statements = globSync('src/**/*.ts', { exclude: ['src/db/generated/**'] }).flatMap((file) => {
  const source = readFileSync(file, 'utf8').replaceAll(/\$\{table\} /g, '');
  const starts = source.matchAll(/(?:\.(?:query|execute)(?:<[^`=]*>)?|statement: Prisma\.sql)`([^`]{1,100})/g);
  return [...starts].map(([, sql = '']) => ({ file, sql }));
});

it('labels each statement of the sources, under a name of its own', () => {
  const labels = statements.flatMap(({ sql }) => (sql.startsWith('/* ') ? (labelOf(sql) ?? []) : []));
  expect(statements.length).toBeGreaterThan(30);
  expect([...new Set(labels)]).toEqual(labels);
  const unlabelled = statements.filter(({ sql }) => !sql.startsWith('/* ') || !labelOf(sql));
  expect(unlabelled, 'A statement begins with its label: db.query`/* readUsers */ SELECT …`').toEqual([
    // Wraps a statement that has a label.
    { file: 'src/db/reading/columns.ts', sql: expect.stringMatching(/^SELECT .* FROM \(\$\{statement\}\) AS found$/) },
  ]);
});

it.each([
  ['/* readUsers */ SELECT 1', 'readUsers'],
  ['/* readPages users */\n    SELECT 1', 'readPages users'],
  ['SELECT json_agg(found.id) FROM (/* readUsers */ SELECT 1) AS found', 'readUsers'],
  ['SELECT 1', undefined],
])('reads the label of %j', (sql, label) => {
  expect(labelOf(sql)).toBe(label);
});
