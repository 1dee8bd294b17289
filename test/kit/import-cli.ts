import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWorkspace } from '../../src/domain/workspaces/workspaces.ts';
import { openCli, startCli } from './cli.ts';
import { runProgram } from './program.ts';

/** The CLI with a workspace and a folder for files. */
export async function openImportCli() {
  const cli = await openCli();
  const { id: workspaceId } = await createWorkspace(cli.db, 'Acme');
  const folder = await mkdtemp(join(tmpdir(), 'usergraph-import-'));
  const workspace = ['--workspace', workspaceId];
  const pathOf = (name: string) => join(folder, name);
  return {
    ...cli,
    workspaceId,
    pathOf,
    /** Writes a file. @returns its path. */
    async file(name: string, content: string | Uint8Array): Promise<string> {
      await writeFile(pathOf(name), content);
      return pathOf(name);
    },
    /** The lines of a file of rejected records. */
    async rejected(path: string): Promise<Record<string, unknown>[]> {
      const text = await readFile(`${path}.rejected.ndjson`, 'utf8');
      return text.split('\n').flatMap((line) => (line === '' ? [] : JSON.parse(line)));
    },
    import: (...command: string[]) => startCli(cli.env, 'import', ...command, ...workspace),
    /** Imports standard input. */
    importInput: (input: string, ...command: string[]) =>
      runProgram('src/cli/main.ts', ['import', ...command, ...workspace], { env: cli.env, input }),
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true });
      await cli[Symbol.asyncDispose]();
    },
  };
}

/** Starts an import that a test can kill. */
export function spawnImport(env: Record<string, string>, ...command: string[]) {
  const args = ['src/cli/main.ts', 'import', ...command];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'exit');
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  return { kill: (signal: NodeJS.Signals) => child.kill(signal), ended, stderr: () => stderr };
}
