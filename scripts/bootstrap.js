// Makes a clone ready to run: installs the dependencies and generates the Prisma client where they are
// missing or out of date. npm's pre… hooks call it, so it runs on Node 20 or later with nothing installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (/** @type {string[]} */ ...parts) => join(root, ...parts);
const node = at('node_modules', '.bin', 'node');
const runtimeMajor = 24;

/** A failure that its one line explains. */
class SetupError extends Error {}

/** @returns {string | undefined} why `npm ci` is needed; undefined where it is not. */
function installReason() {
  if (!existsSync(at('node_modules', '.package-lock.json'))) return 'nothing is installed yet';
  const wanted = packages('package-lock.json');
  const installed = packages('node_modules/.package-lock.json');
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = installed[path];
    if (!found && entry.optional) continue;
    if (found?.version !== entry.version || found?.integrity !== entry.integrity) {
      return `${path.replace(/^.*node_modules\//, '')} is not the version of package-lock.json`;
    }
  }
  return runtimeWorks() ? undefined : `node_modules/.bin/node is not a working Node ${runtimeMajor}`;
}

/** @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }>} */
function packages(/** @type {string} */ lockFile) {
  try {
    return JSON.parse(readFileSync(at(lockFile), 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

function runtimeWorks() {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.startsWith(`v${runtimeMajor}.`) ?? false;
}

async function install(/** @type {string} */ reason) {
  console.log(`Installing the dependencies with npm ci: ${reason}.`);
  // npm must not run on the Node in node_modules, which it is about to replace.
  const own = resolve(at('node_modules', '.bin'));
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => resolve(entry) !== own);
  const code = await run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
    env: { ...process.env, PATH: path.join(delimiter) },
  });
  if (code !== 0) throw new SetupError(`npm ci failed (${code}); its own messages are above.`);
  if (!runtimeWorks()) {
    throw new SetupError(
      `npm ci left no working Node ${runtimeMajor} in node_modules/.bin. Allow install scripts (npm config set ignore-scripts false) and start again.`,
    );
  }
}

const generated = at('src', 'db', 'generated');
const generatedFrom = join(generated, 'generated-from.sha256');

function clientDigest() {
  const hash = createHash('sha256');
  for (const file of ['prisma/schema.prisma', 'prisma.config.ts', 'node_modules/prisma/package.json']) {
    hash.update(readFileSync(at(file))).update('\0');
  }
  return hash.digest('hex');
}

function clientIsCurrent() {
  if (!existsSync(join(generated, 'client.ts')) || !existsSync(generatedFrom)) return false;
  return readFileSync(generatedFrom, 'utf8') === clientDigest();
}

async function generateClient() {
  const digest = clientDigest();
  // Prisma refuses to write over half a client, such as Ctrl-C may have left.
  rmSync(generated, { recursive: true, force: true });
  let output = '';
  const code = await run(node, [at('node_modules', 'prisma', 'build', 'index.js'), 'generate'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PRISMA_HIDE_UPDATE_MESSAGE: '1', CHECKPOINT_DISABLE: '1' },
    onOutput: (/** @type {string} */ text) => {
      output += text;
    },
  });
  if (code !== 0) {
    console.error(output.trimEnd());
    throw new SetupError(`prisma generate failed (${code}); its own messages are above.`);
  }
  writeFileSync(generatedFrom, digest);
}

/** Runs a program in the clone. Not synchronously: the lock has to show that we are alive. */
function run(/** @type {string} */ program, /** @type {string[]} */ args, /** @type {any} */ { onOutput, ...options }) {
  return new Promise((settle, reject) => {
    const child = spawn(program, args, { cwd: root, ...options });
    child.stdout?.setEncoding('utf8').on('data', onOutput);
    child.stderr?.setEncoding('utf8').on('data', onOutput);
    child.on('error', (error) => reject(new SetupError(`${program} does not run: ${error.message}`)));
    child.on('close', (code, signal) => settle(code ?? signal));
  });
}

const lock = at('.bootstrap.lock');
const heartbeatMs = 2_000;
/** A lock not touched for this long was left by a process that is gone, whoever has its pid now. */
const staleMs = 30_000;

/** One set-up at a time in one clone: `npm start` and `npm test` at once would both run npm ci. */
async function withLock(/** @type {() => Promise<void>} */ work) {
  let said = false;
  while (!takeLock()) {
    if (!said) console.log('Another process is setting this folder up; waiting for it.');
    said = true;
    await new Promise((settle) => setTimeout(settle, 200));
  }
  const heartbeat = setInterval(() => utimesSync(lock, new Date(), new Date()), heartbeatMs);
  try {
    await work();
  } finally {
    clearInterval(heartbeat);
    rmSync(lock, { force: true });
  }
}

function takeLock() {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw new SetupError(`${root} cannot be written to: ${error.message}`);
  }
  const stale = abandonedLock();
  if (stale === undefined) return false;
  // Renaming takes the file away from all who look at it at once. Should it be a newer one, it goes back.
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    if (statSync(aside).ino !== stale) {
      renameSync(aside, lock);
      return false;
    }
    rmSync(aside);
  } catch {
    // Somebody else was quicker.
  }
  return takeLock();
}

/** @returns {number | undefined} the inode of a lock whose owner is gone. */
function abandonedLock() {
  try {
    const { ino, mtimeMs } = statSync(lock);
    const pid = Number(readFileSync(lock, 'utf8'));
    const untouched = Date.now() - mtimeMs > staleMs;
    return untouched || (pid > 0 && !isAlive(pid)) ? ino : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(/** @type {number} */ pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

try {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new SetupError(`Node 20 or later is needed; this is ${process.version}.`);
  }
  if (installReason() !== undefined || !clientIsCurrent()) {
    await withLock(async () => {
      const reason = installReason();
      if (reason !== undefined) await install(reason);
      if (!clientIsCurrent()) await generateClient();
    });
  }
} catch (error) {
  console.error(`usergraph cannot be set up: ${error instanceof SetupError ? error.message : error}`);
  process.exitCode = 1;
}
