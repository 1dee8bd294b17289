import { expect, it } from 'vitest';
import { startApp } from '../kit/app.ts';

it('suggests names of the schema to those alone who may introspect it', async () => {
  await using app = await startApp();
  const messageFor = async (caller: string) => (await app.send('{ usrs { x } }', {}, caller)).errors?.[0]?.message;
  expect(await messageFor(app.owner)).toBe(
    'Cannot query field "usrs" on type "Query". Did you mean "users" or "user"?',
  );
  expect(await messageFor(app.publicKey)).toBe('Cannot query field "usrs" on type "Query".');
  expect(await messageFor(app.owner)).toContain('Did you mean');
});
