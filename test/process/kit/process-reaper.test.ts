import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { waitUntil } from '../../kit/workers.ts';

/** Whether a process is running. A killed orphan stays a zombie where no process collects its exit code. */
function runs(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Runs the leaking test file in its own vitest. */
async function startLeakingRun(leak: 'fail' | 'timeout' | 'hang') {
  const directory = await mkdtemp(join(tmpdir(), 'usergraph-leak-'));
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/kit/leaking/vitest.config.ts'];
  const vitest = spawn(process.execPath, args, {
    env: { ...process.env, LEAK: leak, DIRECTORY: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [vitest.stdout, vitest.stderr]) stream.on('data', (chunk) => (output += chunk));
  /** Waits for the report of the processes that the file or the test has started. */
  const pidsOf = async (report: 'file' | 'test') => {
    const exited = once(vitest, 'exit').then(() => Promise.reject(new Error(`vitest exited too early: ${output}`)));
    const read = async () => z.array(z.int()).parse(JSON.parse(await readFile(join(directory, report), 'utf8')));
    return Promise.race([waitUntil(read), exited]);
  };
  return {
    vitest: vitest as ChildProcess,
    output: () => output,
    pids: async () => [...(await pidsOf('file')), ...(await pidsOf('test'))],
    [Symbol.asyncDispose]: async () => {
      vitest.kill('SIGKILL');
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

// The reaper reads the environment of processes from /proc.
it.runIf(process.platform === 'linux').each<['fail' | 'timeout', string]>([
  ['fail', 'fails on purpose'],
  ['timeout', 'Test timed out in 8000ms'],
])('leaves no process running after a test with a %s', async (leak, message) => {
  await using run = await startLeakingRun(leak);
  const pids = await run.pids();
  const [code] = await once(run.vitest, 'exit');
  expect([code, run.output()]).toEqual([1, expect.stringContaining(message)]);
  // The gateway of the file, its two workers and PostgreSQL; the gateway of the test and `sleep`.
  expect(pids).toHaveLength(6);
  await waitUntil(() => expect(pids.filter(runs)).toEqual([]));
});

it.runIf(process.platform === 'linux')('leaves no process running after vitest itself was killed', async () => {
  await using run = await startLeakingRun('hang');
  const pids = await run.pids();
  expect(pids.filter(runs)).toEqual(pids);
  run.vitest.kill('SIGKILL');
  await waitUntil(() => expect(pids.filter(runs)).toEqual([]));
});
