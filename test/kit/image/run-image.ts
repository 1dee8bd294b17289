import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { reaperMarkers } from '../process-reaper.ts';
import { stopAfterTest } from '../process-tree.ts';
import type { Image } from './build-image.ts';

/** The PATH of distroless images. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Makes the folder $1 the root, read-only, and becomes its program, as process 1, as the user of the image, without
 * capabilities and without a way to gain any. The network is that of the machine.
 */
const ENTER = `
set -e
root=$1 directory=$2 user=$3
shift 3
mount --bind "$root" "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -o remount,ro,bind "$root"
exec setpriv --no-new-privs unshare --root="$root" --wd="$directory" --setgid="\${user#*:}" --setuid="\${user%:*}" -- "$@"`;

/** A program that runs in an image. */
export interface Container {
  child: ChildProcess;
  /** Its standard output and standard error so far. */
  output(): string;
  /** Resolves with the exit code. */
  ended: Promise<number | null>;
  /** Sends a signal to process 1. */
  signal(name: NodeJS.Signals): void;
}

/**
 * Starts a program in an image, like `docker run --read-only --cap-drop ALL --network host`. Requires root, and Linux.
 * @param command including the entrypoint.
 * @param environment added to that of the image.
 */
export function startInImage(image: Image, command: string[], environment: Record<string, string>): Container {
  const enter = ['sh', '-c', ENTER, 'sh', image.root, image.directory, image.user, ...command];
  const child = spawn('unshare', ['--mount', '--pid', '--fork', '--kill-child', ...enter], {
    env: { PATH, ...image.environment, ...reaperMarkers(), ...environment },
  });
  stopAfterTest(child);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk));
  return {
    child,
    output: () => printed,
    ended: once(child, 'close').then(() => child.exitCode),
    // unshare ignores signals while its child runs.
    signal: (name) => process.kill(Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')), name),
  };
}

/** Runs a program in an image to its end. */
export async function runInImage(
  image: Image,
  command: string[],
  environment: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  const { ended, output } = startInImage(image, command, environment);
  return { code: await ended, output: output() };
}
