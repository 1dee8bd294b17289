import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type GatewayProcess, type Start, serverRuns, startGateway } from '../../kit/gateway-process.ts';

const npmStart: Start = { command: ['npm', 'start'], detached: true };

/** Expects that nothing of npm's process group is left. */
const untilGone = ({ pid }: GatewayProcess) =>
  vi.waitFor(() => expect(() => process.kill(-pid, 0)).toThrow('ESRCH'), { timeout: 10_000 });

describe('npm start', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'usergraph-npm-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it.each(['1', '2'])('ends with all that it has started on Ctrl-C to the whole group: %s worker', async (WORKERS) => {
    await using gateway = await startGateway({ DATA_DIR: directory, WORKERS }, npmStart);
    expect(await serverRuns(directory)).toBe(true);
    process.kill(-gateway.pid, 'SIGINT');
    await gateway.ended;
    await untilGone(gateway);
    expect(gateway.output()).toContain('SIGINT: finishing what is in flight');
    expect(await serverRuns(directory)).toBe(false);
  });

  it('ends with everything that it has started on SIGTERM to npm alone', async () => {
    await using gateway = await startGateway({ DATA_DIR: directory }, npmStart);
    await gateway.end('SIGTERM');
    await untilGone(gateway);
    expect(gateway.output()).toContain('SIGTERM: finishing what is in flight');
    expect(await serverRuns(directory)).toBe(false);
  });
});
