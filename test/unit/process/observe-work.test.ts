import pino from 'pino';
import { expect, it, vi } from 'vitest';
import { observeWork } from '../../../src/process/observe-work.ts';
import { databaseServerChannel } from '../../../src/telemetry/channels.ts';
import type { TracingSettings } from '../../../src/telemetry/tracing.ts';

vi.mock('../../../src/telemetry/tracing.ts', () => ({ startTracing: () => ({ stop: async () => {} }) }));

it('logs changes of servers from the start, also while the module of traces is loaded', async () => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
  const settings = { tracing: {} as TracingSettings, slowOperationMs: 0, databaseVariable: 'DATABASE_URLS' } as const;
  const observing = observeWork(settings, log);
  const problem = 'its database is other instead of usergraph';
  databaseServerChannel.publish({ event: 'rejected', server: 'h2:2', problem });
  const { stop } = await observing;
  databaseServerChannel.publish({ event: 'failover', server: 'h3:3', former: 'h1:1' });
  await stop();
  databaseServerChannel.publish({ event: 'failover', server: 'h1:1', former: 'h3:3' });
  expect(lines).toEqual([
    `PostgreSQL at h2:2 is not used: ${problem}. Correct DATABASE_URLS`,
    'PostgreSQL at h3:3 is the primary now, instead of h1:1',
  ]);
});
