import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyPrisma } from '../../kit/migrations.ts';
import { fails, ok, runProgram } from '../../kit/program.ts';

const script = resolve('scripts/db-migration.ts');
const unchanged = ok('No changes: prisma/schema.prisma is the schema of the last migration.\n');

/** A copy of prisma/ whose schema is that of the last migration, and the command that runs in it. */
async function openRepository() {
  const copy = await copyPrisma();
  const schema = join(copy.path, 'prisma/schema.prisma');
  const snapshot = join(copy.migrations, 'schema.prisma.snapshot');
  await writeFile(schema, await readFile(snapshot));
  return {
    ...copy,
    schema,
    snapshot,
    change: () => appendFile(schema, '\nmodel Extra {\n  id Int @id\n  @@map("extra")\n}\n'),
    run: (...args: string[]) => runProgram(script, args, { cwd: copy.path }),
  };
}

describe('npm run db:migration', () => {
  it('writes the difference to a folder named after the time and NAME, and updates the snapshot', async () => {
    await using repository = await openRepository();
    const before = await repository.list();
    await repository.change();
    const { stdout, stderr, code } = await repository.run('add_extra');
    const [folder = '', ...others] = (await repository.list()).filter((name) => !before.includes(name));
    expect([folder, others]).toEqual([expect.stringMatching(/^20\d{12}_add_extra$/), []]);
    expect([stdout, stderr, code]).toEqual([
      `Wrote prisma/migrations/${folder}/migration.sql. Review it and commit it with the snapshot. Run npm run generate to update the Prisma client.\n`,
      '',
      0,
    ]);
    expect(await repository.read(folder)).toMatch(/^-- CreateTable\nCREATE TABLE "extra" \([^;]+\);\n$/);
    expect(await readFile(repository.snapshot, 'utf8')).toBe(await readFile(repository.schema, 'utf8'));
  });

  it('writes nothing if there are no changes', async () => {
    await using repository = await openRepository();
    await repository.change();
    await repository.run('add_extra');
    const after = await repository.list();
    expect(await repository.run('add_extra')).toEqual(unchanged);
    expect(await repository.list()).toEqual(after);
  });

  it('writes the whole schema as the first migration', async () => {
    await using repository = await openRepository();
    await rm(repository.migrations, { recursive: true });
    expect((await repository.run('init')).code).toBe(0);
    const [folder = ''] = await repository.list();
    expect(await repository.read(folder)).toContain('CREATE TABLE "users"');
    expect(await repository.run('init')).toEqual(unchanged);
  });

  it.each([
    ['no name', []],
    ['an empty name', ['']],
    ['a name with spaces', ['add user locale']],
    ['more than one name', ['add', 'user', 'locale']],
    ['a path', ['../../elsewhere']],
    ['capital letters', ['AddLocale']],
    ['a name of 101 characters', ['x'.repeat(101)]],
  ])('rejects %s, and writes nothing', async (_argument, names) => {
    await using repository = await openRepository();
    await repository.change();
    const before = [await repository.list(), await readFile(repository.snapshot, 'utf8')];
    expect(await repository.run(...names)).toEqual(fails('Usage: npm run db:migration NAME', 'add_user_locale'));
    expect([await repository.list(), await readFile(repository.snapshot, 'utf8')]).toEqual(before);
  });

  it('reports the faults of an invalid schema, and writes nothing', async () => {
    await using repository = await openRepository();
    const before = await repository.list();
    await appendFile(repository.schema, '\nnonsense\n');
    const { stderr, code } = await repository.run('add_extra');
    expect([stderr, code]).toEqual([expect.stringContaining('does not start with any known Prisma schema keyword'), 1]);
    expect(await repository.list()).toEqual(before);
  });
});
