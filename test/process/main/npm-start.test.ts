import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type GatewayProcess, type Start, serverRuns, startGateway } from '../../kit/gateway-process.ts';

const npmStart: Start = { command: ['npm', 'start'], detached: true };

/** Waits until npm's process group is empty. */
const untilGone = ({ pid }: GatewayProcess) =>
  vi.waitFor(() => expect(() => process.kill(-pid, 0)).toThrow('ESRCH'), { timeout: 60_000 });

describe('npm start', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'usergraph-npm-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it.each(['1', '2'])(
    'stops all its processes on Ctrl-C, which signals the whole group, with WORKERS=%s',
    async (WORKERS) => {
      await using gateway = await startGateway({ DATA_DIR: directory, WORKERS }, npmStart);
      expect(await serverRuns(directory)).toBe(true);
      process.kill(-gateway.pid, 'SIGINT');
      await gateway.ended;
      await untilGone(gateway);
      expect(gateway.output()).toContain('SIGINT received: shutting down');
      expect(await serverRuns(directory)).toBe(false);
    },
  );

  it('stops all its processes on SIGTERM to npm alone', async () => {
    await using gateway = await startGateway({ DATA_DIR: directory }, npmStart);
    await gateway.end('SIGTERM');
    await untilGone(gateway);
    expect(gateway.output()).toContain('SIGTERM received: shutting down');
    expect(await serverRuns(directory)).toBe(false);
  });
});
