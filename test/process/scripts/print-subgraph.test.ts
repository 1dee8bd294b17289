import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { printedSubgraph } from '../../kit/printed-schema.ts';
import { ok, runProgram } from '../../kit/program.ts';

it('writes the schema without scopes, and leaves the one with scopes', async () => {
  const committed = await readFile('subgraph.graphql', 'utf8');
  expect(await runProgram('scripts/print-subgraph.ts', ['--without-scopes'])).toEqual(
    ok('Wrote subgraph-without-scopes.graphql. Publish it to a schema registry or compose it.\n'),
  );
  expect(await readFile('subgraph-without-scopes.graphql', 'utf8')).toBe(printedSubgraph(false));
  expect(await readFile('subgraph.graphql', 'utf8')).toBe(committed);
});

it('rejects other options', async () => {
  expect(await runProgram('scripts/print-subgraph.ts', ['--without-scopes', '--with-scopes'])).toMatchObject({
    code: 1,
    stderr: 'The only option is --without-scopes; got --with-scopes.\n',
  });
});
