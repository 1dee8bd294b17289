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
/** Answers between one death of the gateway and the next. */
const LIFETIME = 150;
/** Between two tries, in ms. */
const PAUSE_MS = 200;

it('does once what clients send until they are answered, while the gateway is killed again and again', async () => {
  await using database = await createDatabase();
  const { db } = database;
  const { id: workspaceId } = await createWorkspace(db, 'Owner');
  const { publicKey, secret } = await createKey(db, workspaceId, scopes);
  for (let place = 0; place < 5; place += 1) await addUser({ db, workspaceId }, { uid: `u${place}` });
  const environment = { DATABASE_URL: database.connection.connectionString, LOG_LEVEL: 'info', RATE_LIMIT: '0' };
  let gateway = await startGateway(environment);
  const figures = { answered: 0, kills: 0, tries: 0 };

  /** Sends one event until somebody says that it is there. */
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
      // What is lost, busy or unavailable is sent again; anything else is a fault of the test or of the gateway.
      if (response) expect([409, 503]).toContain(response.status);
      await delay(PAUSE_MS);
    }
    figures.answered += 1;
    if (figures.answered % LIFETIME === 0) await replace();
  }

  /** Kills the gateway with whatever it has in flight, and starts another one. */
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
  const entries = await db.auditEntry.findMany({ where: { action: 'addEvent' }, select: { eventId: true } });
  const names = new Set(events.map(({ name }) => name));
  printFigures('sent again', { events: all, ...figures, doubled: events.length - names.size, lost: all - names.size });
  expect(figures.kills).toBeGreaterThan(3);
  expect(figures.tries).toBeGreaterThan(all);
  expect([events.length, names.size]).toEqual([all, all]);
  expect(entries.map(({ eventId }) => eventId).sort()).toEqual(events.map(({ id }) => id).sort());
});
