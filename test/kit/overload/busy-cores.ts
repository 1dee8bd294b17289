import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

/** Computes until the process is ended, at most for the given time in ms, so that none survives a test that is killed. */
const spin = (ms: number) => `for (const end = Date.now() + ${ms}; Date.now() < end; );`;

/** Keeps every core busy with other processes until disposed, at most for `ms`. */
export function keepCoresBusy(ms: number): AsyncDisposable {
  const children = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['-e', spin(ms)], { stdio: 'ignore' }),
  );
  const exits = children.map((child) => once(child, 'exit'));
  return {
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(exits);
    },
  };
}
