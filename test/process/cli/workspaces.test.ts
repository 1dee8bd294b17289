import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openCli, rejected, workspaceJson } from '../../kit/cli.ts';
import { ok } from '../../kit/program.ts';

describe('workspaces', () => {
  it('are created and listed', async () => {
    await using cli = await openCli();
    expect(await cli.run('workspaces', 'list')).toEqual(ok('There are no workspaces.\n'));
    const created = await cli.json(workspaceJson, 'workspaces', 'create', ' Zürich Ltd ');
    expect(created.name).toBe('Zürich Ltd');
    const { stdout } = await cli.run('workspaces', 'create', 'Acme');

    expect(await cli.json(z.array(workspaceJson), 'workspaces', 'list')).toMatchObject([created, { name: 'Acme' }]);
    const [titles, first, second, ...rest] = (await cli.run('workspaces', 'list')).stdout.split('\n');
    expect(titles).toMatch(/^ID +CREATED +NAME$/);
    expect(first).toMatch(new RegExp(`^${created.id}   \\S+Z   Zürich Ltd$`));
    expect(stdout).toBe(`${titles}\n${second}\n`);
    expect(rest).toEqual(['']);
  });

  it.each([
    ['', 'It must not be empty.'],
    [' ', 'It must not be empty.'],
    ['x'.repeat(101), 'It must have at most 100 characters; got 101.'],
    ['a\nb', 'It must consist of printable characters.'],
  ])('reject the name %j', async (name, reason) => {
    await using cli = await openCli();
    expect(await cli.run('workspaces', 'create', name)).toEqual(rejected(reason));
  });
});
