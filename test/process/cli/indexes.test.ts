import { expect, it } from 'vitest';
import { z } from 'zod';
import { migrate } from '../../../src/db/migrations/migrate.ts';
import { openCli, rejected, runCli } from '../../kit/cli.ts';
import { createEmptyDatabase } from '../../kit/database.ts';
import { ok } from '../../kit/program.ts';

const indexJson = z.strictObject({
  name: z.string(),
  state: z.enum(['missing', 'creating', 'invalid', 'valid']),
  size: z.int(),
  relation: z.string(),
  serves: z.string(),
  cost: z.string(),
});

it('lists, creates and drops indexes', async () => {
  await using cli = await openCli();
  const { stdout } = await cli.run('indexes', 'list');
  expect(stdout).toMatch(/^NAME +STATE +SIZE +COST +SERVES\nattributes +valid +\S+ MB /);
  expect(stdout).toMatch(/\nattribute-text +missing +- +\S/);
  const created = await cli.run('indexes', 'create', 'attribute-text');
  expect(created).toMatchObject({ code: 0 });
  expect(created.stdout).toMatch(/^Created attribute-text \(\S+ MB\)\. Gateways use it within a minute\.\n$/);
  expect(await cli.json(z.array(indexJson), 'indexes', 'list')).toMatchObject([
    { name: 'attributes', state: 'valid' },
    { name: 'attribute-text', state: 'valid', relation: 'users_meta_text_idx' },
    ...['field-text', 'event-properties', 'updated-at'].map((name) => ({ name, state: 'missing', size: 0 })),
  ]);
  expect((await cli.run('indexes', 'create', 'attribute-text')).stdout).toMatch(/^attribute-text already exists/);
  expect(await cli.run('indexes', 'drop', 'attribute-text')).toEqual(ok('Dropped attribute-text.\n'));
  expect(await cli.run('indexes', 'drop', 'attribute-text')).toEqual(ok('attribute-text does not exist.\n'));
});

it('rejects a name that it does not know', async () => {
  await using cli = await openCli();
  expect(await cli.run('indexes', 'create', 'users')).toEqual(
    rejected("command-argument value 'users' is invalid for argument 'NAME'"),
  );
});

it('refuses trigrams where LC_CTYPE is C, unless ASCII is enough', async () => {
  await using database = await createEmptyDatabase("LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'");
  await migrate(database);
  const env = { DATABASE_URL: database.connectionString };
  expect(await runCli(env, 'indexes', 'create', 'field-text')).toEqual(rejected('LC_CTYPE is C: pg_trgm ignores'));
  expect(await runCli(env, 'indexes', 'create', 'field-text', '--ascii-only')).toMatchObject({ code: 0 });
});
