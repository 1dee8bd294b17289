import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { addUser } from '../kit/factories.ts';
import { printFigures } from '../kit/figures.ts';
import { startGateway } from '../kit/gateway-process.ts';
import { startProduction } from '../kit/production.ts';

const EVENTS = 400_000;
const KILLS = 5;

it('erases 400,000 events of a deleted user while two gateways serve requests and gateways are killed', async () => {
  await using production = await startProduction({ RATE_LIMIT: '0' });
  const { db, workspaceId, key, databaseUrl } = production;
  const addEvents = (userId: string, count: number) => db.$executeRaw`
    INSERT INTO events (workspace_id, id, user_id, name, timestamp)
    SELECT ${workspaceId}::uuid, gen_random_uuid(), ${userId}::uuid, 'Paid', now() FROM generate_series(1, ${count}::int)`;
  const large = await addUser(production, { uid: 'large' });
  const kept = await addUser(production, { uid: 'kept' });
  for (let part = 0; part < 8; part += 1) await addEvents(large.id, EVENTS / 8);
  await addEvents(kept.id, 100);
  const remaining = () => db.event.count({ where: { workspaceId, userId: large.id } });

  let gateway = production as { address: string; end(signal: NodeJS.Signals): Promise<number | null> };
  const response = await fetch(`${gateway.address}/v1/users/large`, {
    method: 'DELETE',
    headers: { authorization: key.authorization },
  });
  expect(response.status).toBe(200);
  const begin = Date.now();
  const environment = { NODE_ENV: 'production', DATABASE_URL: databaseUrl, LOG_LEVEL: 'info' };
  const left: number[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    await vi.waitFor(async () => expect(await remaining()).toBeLessThan(left.at(-1) ?? EVENTS), {
      timeout: 60_000,
      interval: 50,
    });
    await delay(100 * kill);
    await gateway.end('SIGKILL');
    left.push(await remaining());
    gateway = await startGateway(environment);
  }
  await using second = await startGateway(environment);
  await vi.waitFor(async () => expect(await db.userDeletion.count()).toBe(0), { timeout: 120_000, interval: 200 });
  const ms = Date.now() - begin;
  expect(await remaining()).toBe(0);
  expect(await db.event.count({ where: { userId: kept.id } })).toBe(100);
  expect(await db.change.count({ where: { action: 'deleteUser', userId: large.id } })).toBe(1);
  await gateway.end('SIGTERM');
  expect(await second.end('SIGTERM')).toBe(0);
  printFigures('erasure', { events: EVENTS, kills: KILLS, 'events left at each kill': left.join(' '), ms });
});
