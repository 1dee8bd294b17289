import { execFileSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { isAnswering, runWithPortTaken, startExample } from '../../kit/example-process.ts';
import { freePorts } from '../../kit/free-ports.ts';

const START = 'examples/federation/start.ts';

it('starts with one command, prints a line that works, and stops cleanly', { timeout: 60_000 }, async () => {
  const port = await freePorts(3);
  try {
    const example = await startExample(START, port, /^ *(curl .*)\n/m);
    expect(JSON.parse(execFileSync('sh', ['-c', example.printed], { encoding: 'utf8' }))).toMatchObject({
      data: { order: { item: 'Desk lamp', user: { firstName: 'Théo', orders: { length: 3 } } } },
    });
    expect(await example.stop()).toBe(0);
  } finally {
    await rm(`.data/federation-${port}`, { recursive: true, force: true });
  }
});

it('leaves nothing running where a port is taken, or it is stopped while it starts', { timeout: 60_000 }, async () => {
  const port = await freePorts(3);
  const { code, stderr } = await runWithPortTaken(START, port, port);
  expect([code, stderr]).toEqual([
    1,
    `Cannot listen on port ${port} (EADDRINUSE). Choose another port: npm run example:federation -- PORT\n`,
  ]);

  const stopped = await startExample(START, port, /^(Starting .*)\n/);
  await delay(2_000);
  expect(await stopped.stop()).toBe(0);
  const addresses = [1, 2].map((offset) => `http://127.0.0.1:${port + offset}`);
  expect(await Promise.all(addresses.map(isAnswering))).toEqual([false, false]);
  await rm(`.data/federation-${port}`, { recursive: true, force: true });
});
