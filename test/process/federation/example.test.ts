import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { freePorts } from '../../kit/free-ports.ts';

it('starts with one command, prints a line that works, and stops cleanly', { timeout: 60_000 }, async () => {
  const port = await freePorts(3);
  const child = spawn(process.execPath, ['examples/federation/start.ts', String(port)]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'exit');
  try {
    const line = await new Promise<string>((found, fail) => {
      child.stdout.on('data', () => {
        const [, curl] = /^ *(curl .*)\n/m.exec(output) ?? [];
        if (curl) found(curl);
      });
      child.on('exit', () => fail(new Error(output)));
    });
    expect(JSON.parse(execFileSync('sh', ['-c', line], { encoding: 'utf8' }))).toMatchObject({
      data: { order: { item: 'Desk lamp', user: { firstName: 'Théo', orders: { length: 3 } } } },
    });
  } finally {
    child.kill('SIGTERM');
    await ended;
    await rm(`.data/federation-${port}`, { recursive: true, force: true });
  }
  expect(child.exitCode).toBe(0);
});

/** Whether anything listens on a port. */
const answers = (port: number) =>
  fetch(`http://127.0.0.1:${port}/health/live`).then(
    () => true,
    () => false,
  );

it('leaves nothing running where a port is taken, or it is stopped while it starts', { timeout: 60_000 }, async () => {
  const port = await freePorts(3);
  const blocking = createServer().listen(port, '127.0.0.1');
  await once(blocking, 'listening');
  const failing = spawn(process.execPath, ['examples/federation/start.ts', String(port)]);
  const [complaint, [code]] = await Promise.all([text(failing.stderr), once(failing, 'exit')]);
  expect([code, complaint]).toEqual([
    1,
    `Cannot listen on port ${port} (EADDRINUSE). Choose another port: npm run example:federation -- PORT\n`,
  ]);
  blocking.close();

  const stopped = spawn(process.execPath, ['examples/federation/start.ts', String(port)]);
  await once(stopped.stdout, 'data');
  await new Promise((later) => setTimeout(later, 2_000));
  stopped.kill('SIGTERM');
  await once(stopped, 'exit');
  expect([stopped.exitCode, await answers(port + 1), await answers(port + 2)]).toEqual([0, false, false]);
  await rm(`.data/federation-${port}`, { recursive: true, force: true });
});
