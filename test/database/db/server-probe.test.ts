import { writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { ServerProbe } from '../../../src/db/servers/server-probe.ts';
import { startOwnServer } from '../../kit/own-server.ts';

it('closes its connection if the server requires a password that the URL lacks', async () => {
  await using server = await startOwnServer({ max_connections: '10' });
  await server.query("CREATE ROLE guest LOGIN PASSWORD 'secret'");
  const [setting] = await server.query('SHOW hba_file');
  await writeFile(String(setting?.hba_file), 'local all guest scram-sha-256\nlocal all all trust\n');
  await server.query('SELECT pg_reload_conf()');
  const probe = new ServerProbe(Object.assign(new URL(server.url), { username: 'guest' }).href);
  // The server would wait a minute for the password, and has no connection left after ten probes.
  for (let round = 0; round < 15; round += 1) {
    await expect.poll(() => probe.ask().catch(String)).toContain('client password must be a string');
  }
  probe.close();
});
