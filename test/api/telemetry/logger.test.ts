import { execFileSync, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { startApp } from '../../kit/app.ts';

const logger = resolve('src/telemetry/logger.ts');
const source = `import { createLogger } from ${JSON.stringify(logger)};
const log = createLogger('info', process.argv[1] === 'several').child({ requestId: 'r1' });
log.info({ status: 200 }, 'POST /graphql 200');
log.debug('nothing');`;
const command = [process.execPath, '--input-type=module', '-e', source];

/** Starts the gateway and records its log. */
async function startLoggingApp() {
  const lines: string[] = [];
  const app = await startApp({ log: pino({ level: 'info' }, { write: (line) => lines.push(line) }) });
  return { ...app, lines, entries: () => lines.map((line): unknown => JSON.parse(line)) };
}

it('writes one line of JSON per message if standard output is not a terminal', () => {
  const [program = '', ...args] = command;
  const lines = execFileSync(program, args, { encoding: 'utf8' }).split('\n');
  expect(lines).toEqual([expect.any(String), '']);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 30,
    time: expect.any(Number),
    requestId: 'r1',
    status: 200,
    msg: 'POST /graphql 200',
  });
});

it('writes lines in batches that a pipe accepts as a whole, and the rest when the process ends', () => {
  const countWrites = `import fs from 'node:fs';
const [write, sizes] = [fs.write, []];
fs.write = (fd, text, ...rest) => {
  sizes.push(Buffer.byteLength(text));
  return write(fd, text, ...rest);
};
const { createLogger } = await import(${JSON.stringify(logger)});
const log = createLogger('info');
for (let i = 0; i < 200; i += 1) {
  log.info({ status: 200, i }, 'POST /graphql 200');
  await new Promise((resolve) => setImmediate(resolve));
}
process.on('exit', () => process.stderr.write(JSON.stringify(sizes)));
process.exit();`;
  const [program = '', ...args] = [process.execPath, '--input-type=module', '-e', countWrites];
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  const numbers = stdout
    .trimEnd()
    .split('\n')
    .map((line) => z.object({ i: z.number() }).parse(JSON.parse(line)).i);
  // The end of the process does not wait for a write in flight, so the last lines can be out of order.
  expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i));
  const sizes = z.array(z.number()).parse(JSON.parse(stderr));
  expect(sizes.length).toBeGreaterThan(1);
  expect(sizes.length).toBeLessThan(20);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(4096);
});

// macOS has a `script` too, with other options.
it.runIf(process.platform === 'linux')('writes readable text to a terminal', () => {
  const onTerminal = (...args: string[]) => {
    const quoted = [...command, ...args].map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(' ');
    return stripVTControlCharacters(execFileSync('script', ['-qec', quoted, '/dev/null'], { encoding: 'utf8' }));
  };
  expect(onTerminal()).toMatch(/^\[\d\d:\d\d:\d\d\] INFO: POST \/graphql 200\r\n$/);
  expect(onTerminal('several')).toMatch(/^\[\d\d:\d\d:\d\d\] INFO \(\d+\): POST \/graphql 200\r\n$/);
});

it('logs one line per request with its route, status and id', async () => {
  await using app = await startLoggingApp();
  const { headers } = await app.send('{ viewer { keyId } }');
  await app.app.inject({ url: '/nowhere?secret=1', headers: { 'x-request-id': 'mine' } });
  expect(app.entries()).toEqual([
    expect.objectContaining({
      requestId: headers['x-request-id'],
      method: 'POST',
      route: '/graphql',
      status: 200,
      ms: expect.any(Number),
    }),
    expect.objectContaining({ requestId: 'mine', method: 'GET', route: '(no route)', status: 404 }),
  ]);
});

it('logs no credentials, documents or variables', async () => {
  await using app = await startLoggingApp();
  await app.send('query ($uid: String!) { user(uid: $uid) { uid } }', { uid: 'private' });
  await app.send('{ viewer { keyId } }', {}, 'Basic c2VjcmV0OnNlY3JldA==');
  const query = encodeURIComponent('{ user(uid: "private") { uid } }');
  await app.app.inject({ url: `/graphql?query=${query}`, headers: { authorization: app.owner } });
  expect(app.lines).toHaveLength(3);
  const key = Buffer.from(app.owner.replace('Basic ', ''), 'base64').toString();
  for (const secret of ['private', 'c2VjcmV0', app.owner, key.split(':')[1] ?? key]) {
    expect(app.lines.join('')).not.toContain(secret);
  }
});
