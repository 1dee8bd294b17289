import { type ChildProcess, execFileSync } from 'node:child_process';
import { onTestFinished } from 'vitest';

/** Signals a process before its descendants: a process that is stopped first cannot start more of them. */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  process.kill(pid, signal);
  for (const child of childrenOf(pid)) signalDescendants(child, signal);
}

function signalDescendants(pid: number, signal: NodeJS.Signals): void {
  try {
    signalTree(pid, signal);
  } catch (error) {
    // It has ended since the processes were listed, as `ps` itself and sessions of a server do.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function childrenOf(parent: number): number[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([pid = 0, ppid]) => (ppid === parent ? pid : []));
}

/** How long a process that a failed test left running has for a graceful shutdown, before it is killed. */
const GRACE_MS = 5_000;

/**
 * Stops a process at the end of the current test, if the test has failed or timed out and left it running. Does nothing
 * outside a test: processes of `beforeAll` are stopped by `afterAll`, or killed by the reaper of the file.
 */
export function stopAfterTest(child: ChildProcess): void {
  const stop = async () => {
    const { pid } = child;
    if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const timer = setTimeout(() => signalTree(pid, 'SIGKILL'), GRACE_MS);
    await exited;
    clearTimeout(timer);
  };
  try {
    onTestFinished(stop);
  } catch {
    // Not called within a test.
  }
}
