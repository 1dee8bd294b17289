import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { addUser } from '../kit/factories.ts';
import { printFigures } from '../kit/figures.ts';
import { startGateway } from '../kit/gateway-process.ts';
import { startProduction } from '../kit/production.ts';

const EVENTS = 300_000;
/** Of the events, those with an idempotency key. */
const KEYS = 30_000;
const CHANGES = 200_000;
const KILLS = 5;

it('erases 300,000 events and 200,000 changes of a deleted user while two gateways serve requests and gateways are killed', async () => {
  await using production = await startProduction({ RATE_LIMIT: '0' });
  const { db, workspaceId, key, databaseUrl } = production;
  const addEvents = (userId: string, count: number) => db.$executeRaw`
    INSERT INTO events (workspace_id, id, user_id, name, timestamp)
    SELECT ${workspaceId}::uuid, gen_random_uuid(), ${userId}::uuid, 'Paid', now() FROM generate_series(1, ${count}::int)`;
  const large = await addUser(production, { uid: 'large' });
  const kept = await addUser(production, { uid: 'kept' });
  for (let part = 0; part < 8; part += 1) await addEvents(large.id, EVENTS / 8);
  await db.$executeRaw`
    INSERT INTO idempotency_keys (workspace_id, key, operation, digest, made_id, created_at)
    SELECT ${workspaceId}::uuid, 'key of ' || id, 'addEvent', '', id, now() FROM events LIMIT ${KEYS}`;
  const addChanges = (userId: string, count: number) => db.$executeRaw`
    INSERT INTO changes (workspace_id, at, action, user_id, key_id, changed)
    SELECT ${workspaceId}::uuid, now(), 'addEvent', ${userId}::uuid, CASE WHEN n % 2 = 0 THEN 'token:large' ELSE 'cli' END,
      ARRAY['event.Paid']
    FROM generate_series(1, ${count}::int) AS n`;
  for (let part = 0; part < 4; part += 1) await addChanges(large.id, CHANGES / 4);
  await addChanges(kept.id, 100);
  await addEvents(kept.id, 100);
  const remaining = async () =>
    (await db.event.count({ where: { workspaceId, userId: large.id } })) +
    (await db.change.count({ where: { workspaceId, userId: large.id, NOT: { changed: { equals: null } } } }));

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
    await vi.waitFor(async () => expect(await remaining()).toBeLessThan(left.at(-1) ?? EVENTS + CHANGES), {
      timeout: 60_000,
      interval: 50,
    });
    await delay(400 * kill);
    await gateway.end('SIGKILL');
    left.push(await remaining());
    gateway = await startGateway(environment);
  }
  await using second = await startGateway(environment);
  await vi.waitFor(async () => expect(await db.userDeletion.count()).toBe(0), { timeout: 120_000, interval: 200 });
  const ms = Date.now() - begin;
  expect(await remaining()).toBe(0);
  expect(await db.event.count({ where: { userId: kept.id } })).toBe(100);
  expect(await db.idempotencyKey.count()).toBe(0);
  expect(await db.change.count({ where: { userId: kept.id, NOT: { changed: { equals: null } } } })).toBe(100);
  // The entries of the other user with a token of the deleted one.
  expect(await db.change.count({ where: { userId: kept.id, keyId: 'erased' } })).toBe(50);
  expect(await db.change.count({ where: { keyId: 'token:large' } })).toBe(0);
  expect(await db.change.count({ where: { action: 'deleteUser', userId: large.id } })).toBe(1);
  await gateway.end('SIGTERM');
  expect(await second.end('SIGTERM')).toBe(0);
  printFigures('erasure', {
    events: EVENTS,
    changes: CHANGES,
    kills: KILLS,
    'rows left at each kill': left.join(' '),
    ms,
  });
});
