import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createKey } from '../../src/auth/keys.ts';
import { scopes } from '../../src/domain/shared/scopes.ts';
import { createWorkspace } from '../../src/domain/workspaces/workspaces.ts';
import { basic } from '../kit/app.ts';
import { atOnce } from '../kit/concurrently.ts';
import { createDatabase } from '../kit/database.ts';
import { addUser } from '../kit/factories.ts';
import { printFigures } from '../kit/figures.ts';
import { startGateway } from '../kit/gateway-process.ts';

const CLIENTS = 20;
const EVENTS = 50;
/** Number of responses between two kills of the gateway. */
const LIFETIME = 150;
/** Delay between two attempts, in ms. */
const PAUSE_MS = 200;

it('executes retried writes exactly once while the gateway is killed repeatedly', async () => {
  await using database = await createDatabase();
  const { db } = database;
  const { id: workspaceId } = await createWorkspace(db, 'Owner');
  const { publicKey, secret } = await createKey(db, workspaceId, scopes);
  for (let place = 0; place < 5; place += 1) await addUser({ db, workspaceId }, { uid: `u${place}` });
  const environment = { DATABASE_URL: database.connection.connectionString, LOG_LEVEL: 'info', RATE_LIMIT: '0' };
  let gateway = await startGateway(environment);
  const figures = { answered: 0, kills: 0, tries: 0 };

  /** Sends one event until a response confirms that it is stored. */
  async function send(client: number, place: number): Promise<void> {
    for (;;) {
      figures.tries += 1;
      const response = await fetch(`${gateway.address}/v1/users/u${client % 5}/events`, {
        method: 'POST',
        headers: {
          authorization: basic(publicKey, secret),
          'content-type': 'application/json',
          'idempotency-key': `${client}-${place}`,
        },
        body: JSON.stringify({ event: `${client}-${place}`, value: place }),
      }).catch(() => undefined);
      if (response?.ok) break;
      // Lost, rejected and unavailable requests are retried; anything else is a bug of the test or of the gateway.
      if (response) expect([409, 503]).toContain(response.status);
      await delay(PAUSE_MS);
    }
    figures.answered += 1;
    if (figures.answered % LIFETIME === 0) await replace();
  }

  /** Kills the gateway with its in-flight requests, and starts another one. */
  async function replace(): Promise<void> {
    figures.kills += 1;
    await gateway.end('SIGKILL');
    gateway = await startGateway(environment);
  }

  try {
    await atOnce(CLIENTS, async (client) => {
      for (let place = 0; place < EVENTS; place += 1) await send(client, place);
    });
  } finally {
    await gateway.end('SIGTERM');
  }

  const all = CLIENTS * EVENTS;
  const events = await db.event.findMany({ select: { id: true, name: true } });
  const entries = await db.change.findMany({ where: { action: 'addEvent' }, select: { eventId: true } });
  const names = new Set(events.map(({ name }) => name));
  printFigures('idempotent retries', {
    events: all,
    ...figures,
    doubled: events.length - names.size,
    lost: all - names.size,
  });
  expect(figures.kills).toBeGreaterThan(3);
  expect(figures.tries).toBeGreaterThan(all);
  expect([events.length, names.size]).toEqual([all, all]);
  expect(entries.map(({ eventId }) => eventId).sort()).toEqual(events.map(({ id }) => id).sort());
});
