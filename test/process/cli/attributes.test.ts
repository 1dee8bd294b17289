import { expect, it } from 'vitest';
import { z } from 'zod';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { openCli, rejected } from '../../kit/cli.ts';
import { addUser } from '../../kit/factories.ts';
import { storeValues } from '../../kit/filters/declared.ts';
import { fails, ok } from '../../kit/program.ts';

const attributeJson = z.strictObject({
  key: z.string(),
  type: z.enum(['STRING', 'NUMBER', 'DATE_TIME']),
  declaredAt: z.iso.datetime(),
  readyAt: z.iso.datetime().nullable(),
  usersRead: z.int(),
});

it('declares attributes, shows when they are ready, and undeclares them', async () => {
  await using cli = await openCli();
  const { id: workspaceId } = await createWorkspace(cli.db, 'Acme');
  const place = { db: cli.db, workspaceId };
  await addUser(place, { meta: { age: 5 } });
  const workspace = ['--workspace', workspaceId];
  expect(await cli.run('attributes', 'list', ...workspace)).toEqual(ok('No attributes are declared.\n'));
  const declare = ['attributes', 'declare', 'age', 'number', ...workspace];
  expect(await cli.json(attributeJson, ...declare)).toMatchObject({ key: 'age', type: 'NUMBER', readyAt: null });
  expect((await cli.run('attributes', 'declare', 'renewsOn', 'date-time', ...workspace)).stdout).toMatch(
    /^KEY +TYPE +DECLARED +READY +USERS\nrenewsOn +date-time +\S+Z +not yet +0\n$/,
  );
  await storeValues(place);
  expect(await cli.json(z.array(attributeJson), 'attributes', 'list', ...workspace)).toMatchObject([
    { key: 'age', readyAt: expect.any(String), usersRead: 1 },
    { key: 'renewsOn', readyAt: expect.any(String), usersRead: 1 },
  ]);
  expect(await cli.run('attributes', 'undeclare', 'age', ...workspace)).toEqual(ok('Undeclared age.\n'));
  expect(await cli.run('attributes', 'undeclare', 'age', ...workspace)).toEqual(
    rejected('The workspace has not declared the attribute age.'),
  );
  expect(await cli.run('attributes', 'declare', 'renewsOn', 'string', ...workspace)).toEqual(
    rejected('The attribute "renewsOn" is declared as DATE_TIME.'),
  );
  expect(await cli.run('attributes', 'declare', 'age', 'date', ...workspace)).toEqual(
    fails('error: ', 'Allowed choices'),
  );
  const entries = await cli.db.change.findMany({ select: { action: true, keyId: true }, orderBy: { seq: 'asc' } });
  expect(entries).toEqual(
    ['declareAttribute', 'declareAttribute', 'undeclareAttribute'].map((action) => ({ action, keyId: 'cli' })),
  );
});
