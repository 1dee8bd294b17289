import { Client } from 'pg';
import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { atOnce } from '../../kit/concurrently.ts';
import { UpdateUser } from '../../kit/operations/users.ts';

it('survives a database server that terminates its sessions under load, and answers with documented codes', async () => {
  await using app = await startApp({ ownDatabase: true, poolSize: 5 });
  const other = await startOther(app);
  const answers = atOnce(300, async (place) => {
    const { data, errors } = await app.send(UpdateUser, { input: { uid: `u${place % 7}`, meta: { place } } });
    return data?.updateUser ? 'data' : errors?.[0]?.extensions.code;
  });
  for (let round = 0; round < 20; round += 1) await other.endSessions();
  const codes = new Set(await answers);
  expect([...codes].filter((code) => code !== 'data' && code !== 'SERVICE_UNAVAILABLE')).toEqual([]);
  expect(await app.run(UpdateUser, { input: { uid: 'after' } })).toMatchObject({ updateUser: { created: true } });
  await other.close();
});

/** A separate session that terminates all others of the database. */
async function startOther({ connection }: Awaited<ReturnType<typeof startApp>>) {
  const client = new Client(connection);
  await client.connect();
  return {
    endSessions: () =>
      client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()`),
    close: () => client.end(),
  };
}
