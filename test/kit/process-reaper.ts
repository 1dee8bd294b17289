import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';

/** Environment variables that mark the processes of a vitest run and of one of its workers. Child processes inherit them. */
const RUN_MARKER = 'USERGRAPH_TEST_RUN';
const WORKER_MARKER = 'USERGRAPH_TEST_WORKER';

/**
 * Kills all processes marked with `$1`. PostgreSQL gets SIGQUIT first, which also ends its sessions and releases its shared
 * memory. Requires /proc, so it does nothing on macOS.
 */
const REAP = `
for round in $(seq 50); do
  # The exit code is not used: grep also fails if a process exits meanwhile or belongs to another user.
  files=$(grep -lszx -- "$1" /proc/[0-9]*/environ)
  [ -n "$files" ] || exit 0
  for file in $files; do
    pid=\${file#/proc/}
    pid=\${pid%/environ}
    [ "$(cat "/proc/$pid/comm")" = postgres ] && [ "$round" -lt 20 ] && signal=QUIT || signal=KILL
    kill -"$signal" "$pid"
  done
  sleep 0.1
done 2>/dev/null`;

/**
 * Marks all processes that this process starts from now on, and kills those that are left after this process has exited,
 * even if it was killed: the reaper waits for the kernel to close the pipe to it.
 */
function startReaper(variable: string): void {
  const marker = randomUUID();
  process.env[variable] = marker;
  const reaper = spawn('sh', ['-c', `cat >/dev/null; ${REAP}`, 'sh', `${variable}=${marker}`], {
    // Without the marker, and in another process group: Ctrl-C must not end the reaper.
    env: { PATH: process.env.PATH },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  reaper.unref();
  if ('unref' in reaper.stdin && typeof reaper.stdin.unref === 'function') reaper.stdin.unref();
}

/** Starts the reaper of this vitest worker, once. */
export function startWorkerReaper(): void {
  if (!process.env[WORKER_MARKER]) startReaper(WORKER_MARKER);
}

/** Kills the processes that this worker has left running, without waiting for its exit: a worker can run many files. */
export function reapWorkerProcesses(): void {
  spawnSync('sh', ['-c', REAP, 'sh', `${WORKER_MARKER}=${process.env[WORKER_MARKER]}`], {
    env: { PATH: process.env.PATH },
  });
}

/** vitest's global set-up: starts the reaper of the run, for the server of `server.ts` and for killed runs. */
export function setup(): void {
  delete process.env[WORKER_MARKER];
  startReaper(RUN_MARKER);
}

/** The markers of this process, for children that do not inherit its environment. */
export function reaperMarkers(): Record<string, string> {
  const entries = [RUN_MARKER, WORKER_MARKER].map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
}
