import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const lockFile = JSON.stringify({
  packages: {
    '': { name: 'clone' },
    'node_modules/prisma': { version: '7.0.0', integrity: 'sha512-a' },
    'node_modules/elsewhere': { version: '1.0.0', integrity: 'sha512-b', optional: true },
  },
});

/** What npm writes for that lock file: the optional package is for another platform. */
const installed = JSON.stringify({
  packages: { 'node_modules/prisma': { version: '7.0.0', integrity: 'sha512-a' } },
});

/** A fake Prisma: logs its call, and copies the schema to the client's folder. */
const prisma = `
const { appendFileSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const [command, option, schema] = process.argv.slice(2);
appendFileSync('calls', \`prisma \${command} \${option}\\n\`);
if (readFileSync(schema, 'utf8').includes('broken')) throw new Error('The schema is broken.');
const client = join(dirname(schema), '../src/db/generated');
mkdirSync(join(client, 'models'), { recursive: true });
writeFileSync(join(client, 'client.ts'), readFileSync(schema));
writeFileSync(join(client, 'models', 'User.ts'), '');
`;

/** A fake npm: logs its call, and fails or installs. If the file `wait` exists, it waits for the file `go` first. */
const npm = `#!/bin/sh
echo "npm $*" >> calls
while [ -e wait ] && [ ! -e go ]; do sleep 0.05; done
if [ -e fail ]; then echo 'npm error: no network' >&2; exit 7; fi
rm -rf node_modules
cp -R installed node_modules
`;

/** Creates a small clone in a temporary folder, with the real set-up, a fake npm and a fake Prisma. */
export async function openClone() {
  const path = await mkdtemp(join(tmpdir(), 'usergraph-clone-'));
  const write = async (name: string, content: string) => {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  };
  await cp('scripts/bootstrap.js', join(path, 'scripts/bootstrap.js'));
  await cp('scripts/bootstrap', join(path, 'scripts/bootstrap'), { recursive: true });
  await write('package.json', '{ "type": "module" }');
  await write('package-lock.json', lockFile);
  await write('prisma.config.ts', '');
  await write('prisma/schema.prisma', 'first');
  await write('installed/.package-lock.json', installed);
  await write('installed/prisma/package.json', '{}');
  await write('installed/prisma/build/index.js', prisma);
  await mkdir(join(path, 'installed/.bin'));
  await symlink(process.execPath, join(path, 'installed/.bin/node'));
  await write('bin/npm', npm);
  await chmod(join(path, 'bin/npm'), 0o755);

  const start = () => {
    const environment = { ...process.env, PATH: `${join(path, 'bin')}:${process.env.PATH}` };
    const child = spawn(process.execPath, ['scripts/bootstrap.js'], { cwd: path, env: environment });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    return { child, output: () => output, ended: once(child, 'close').then(([code]) => ({ code, output })) };
  };
  const read = (name: string) => readFile(join(path, name), 'utf8');
  return {
    path,
    read,
    write,
    remove: (name: string) => rm(join(path, name)),
    list: (folder: string) => readdir(join(path, folder), { recursive: true }),
    /** Starts the set-up. */
    start,
    /** Runs it to its end. */
    setUp: () => start().ended,
    /** The calls of npm and Prisma since the last time, one per line. */
    async calls() {
      const calls = await read('calls').catch(() => '');
      // An empty file is being written.
      if (calls !== '') await rm(join(path, 'calls'));
      return calls.split('\n').filter((line) => line !== '');
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
