import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { peakMb } from '../measure/process.ts';

const root = join(import.meta.dirname, '../..');

/** Interval in ms between two looks at the memory of a process. The kernel keeps the peak, so that only the last ms are missed. */
const SAMPLE_MS = 50;

/** What a command of the command line took. */
export interface CommandRun {
  /** From the start of the process to its end. */
  seconds: number;
  /** Maximum resident memory of the process. */
  peakMb: number;
  /** Its standard output. */
  output: string;
}

/** A running command. */
export interface RunningCommand {
  child: ChildProcess;
  /** @throws {Error} with its error output if it failed. */
  ended: Promise<CommandRun>;
}

/** Runs `npm run cli -- …` without npm, and measures it. @throws {Error} with its error output if it fails. */
export async function runCommand(databaseUrl: string, args: readonly string[]): Promise<CommandRun> {
  return (await startCommand(databaseUrl, args)).ended;
}

/** Starts `npm run cli -- …` without npm. */
export async function startCommand(databaseUrl: string, args: readonly string[]): Promise<RunningCommand> {
  const command = await readCommand();
  const started = performance.now();
  const child = spawn(process.execPath, [...command, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: databaseUrl },
  });
  // The command must not outlive the benchmark.
  const killAtExit = () => child.kill('SIGKILL');
  process.on('exit', killAtExit);
  child.once('exit', () => process.off('exit', killAtExit));
  return { child, ended: follow(child, started, args) };
}

async function follow(child: ChildProcess, started: number, args: readonly string[]): Promise<CommandRun> {
  if (!child.stdout || !child.stderr || child.pid === undefined) throw new Error('The command line did not start.');
  const pid = child.pid;
  const reading = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  let peak = 0;
  let hasExited = false;
  let seconds = 0;
  child.once('exit', () => {
    hasExited = true;
    seconds = (performance.now() - started) / 1_000;
  });
  while (!hasExited) {
    // The status of a process that has just exited has no memory.
    const mb = await peakMb(pid).catch(() => 0);
    if (mb > peak) peak = mb;
    await sleep(SAMPLE_MS);
  }
  const [output, errors, [code]] = await reading;
  if (code !== 0) throw new Error(`${args.join(' ')} failed with ${code}: ${errors.slice(-2_000)}`);
  return { seconds, peakMb: peak, output };
}

const packageJson = z.object({ scripts: z.object({ cli: z.string() }) });

/** The arguments of Node in the script `cli`. */
async function readCommand(): Promise<string[]> {
  const { scripts } = packageJson.parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const [node, ...args] = scripts.cli.split(' ');
  if (node !== 'node') throw new Error(`The script cli must run node; got ${scripts.cli}.`);
  return args;
}
