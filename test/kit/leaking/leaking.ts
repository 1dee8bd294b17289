import { spawn } from 'node:child_process';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { type GatewayProcess, launch, startGateway } from '../gateway-process.ts';
import { postmasterPid } from '../postmaster-pid.ts';
import { waitUntil, workerPids } from '../workers.ts';

/** How the test ends, and the folder for its data and its report: `LEAK=fail DIRECTORY=… vitest run`. */
const { LEAK = '', DIRECTORY = '' } = process.env;

/** Reports the processes that this file has started. */
async function report(name: string, pids: (number | undefined)[]): Promise<void> {
  await writeFile(join(DIRECTORY, `${name}.partial`), JSON.stringify(pids));
  await rename(join(DIRECTORY, `${name}.partial`), join(DIRECTORY, name));
}

let ofFile: GatewayProcess;
beforeAll(async () => {
  // A gateway that no hook stops, with two workers and an embedded PostgreSQL.
  ofFile = await startGateway({ DATA_DIR: join(DIRECTORY, 'data'), WORKERS: '2' });
  // Workers write their log lines in batches.
  await waitUntil(() => expect(workerPids(ofFile)).toHaveLength(2));
  await report('file', [ofFile.pid, ...workerPids(ofFile), await postmasterPid(join(DIRECTORY, 'data/postgres'))]);
});

it('leaves a gateway running', { timeout: LEAK === 'timeout' ? 8_000 : 120_000 }, async () => {
  const database = { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing', DATABASE_WAIT_MS: '3600000' };
  const { child: ofTest } = launch(database);
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  await report('test', [ofTest.pid, child.pid]);
  if (LEAK === 'fail') expect.fail('fails on purpose');
  await new Promise(() => {});
});
