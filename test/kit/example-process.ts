import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { stopAfterTest } from './process-tree.ts';
import { type Outcome, runProgram } from './program.ts';

/** An example of the repository that runs as its own process. */
export interface ExampleProcess {
  /** What the group of the pattern has matched in its output. */
  printed: string;
  /** Sends SIGTERM, and resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Starts an example on its ports, and waits until its output matches a pattern with one group. */
export async function startExample(
  file: string,
  firstPort: number,
  pattern: RegExp,
  environment: Record<string, string> = {},
): Promise<ExampleProcess> {
  const child = spawn(process.execPath, [file, String(firstPort)], { env: { ...process.env, ...environment } });
  stopAfterTest(child);
  const ended = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const printed = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const match = pattern.exec(output)?.[1];
      if (match) resolve(match);
    });
    child.on('exit', () => reject(new Error(`The example exited: ${output}`)));
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    return child.exitCode;
  };
  return { printed, stop };
}

/** Runs an example to its end while another server listens on one of its ports. */
export async function runWithPortTaken(file: string, firstPort: number, takenPort: number): Promise<Outcome> {
  const server = createServer().listen(takenPort, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await runProgram(file, [String(firstPort)]);
  } finally {
    server.close();
  }
}

/** Whether an HTTP server answers at an address. */
export const isAnswering = (address: string) =>
  fetch(address).then(
    () => true,
    () => false,
  );
