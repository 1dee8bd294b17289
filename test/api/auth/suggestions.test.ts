import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';

it('suggests names of the schema only with schema:read', async () => {
  await using app = await startApp();
  const messageFor = async (caller: string) => (await app.send('{ usrs { x } }', {}, caller)).errors?.[0]?.message;
  expect(await messageFor(app.owner)).toBe(
    'Cannot query field "usrs" on type "Query". Did you mean "users" or "user"?',
  );
  expect(await messageFor(app.publicKey)).toBe('Cannot query field "usrs" on type "Query".');
  expect(await messageFor(app.owner)).toContain('Did you mean');
});

it.each([
  ['fields', { uid: 'u', firstNam: 'A' }],
  ['values', { uid: 'u', device: { token: 't', platform: 'ANDROIT' } }],
])('suggests %s of variables only with schema:read', async (_what, input) => {
  await using app = await startApp();
  const document = 'mutation ($input: UpdateUserInput!) { updateUser(input: $input) { __typename } }';
  const messageFor = async (caller: string) => (await app.send(document, { input }, caller)).errors?.[0]?.message;
  expect(await messageFor(app.owner)).toContain('Did you mean');
  for (const caller of [app.publicKey, await app.withScopes('users:write', 'users:read', 'users:identify')])
    expect(await messageFor(caller)).toMatch(/^(?!.*Did you mean).*(firstNam|ANDROIT)/);
});
