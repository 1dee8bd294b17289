import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const project = 'examples/clients/relay';

/** The folder with the artifacts of relay-compiler. */
export const relayArtifacts = join(project, 'generated');

/** Node requires extensions; bundlers, for which relay-compiler writes its imports, do not. */
const withExtensions = (content: string) => content.replaceAll(/(?<=from '\.\/\w+\.graphql)(?=')/g, '.ts');

/** Compiles the documents of the Relay example in a new folder: relay-compiler keeps old entries of persisted operations. */
export async function compileRelay(): Promise<{ filename: string; content: string }[]> {
  const root = await mkdtemp(join(tmpdir(), 'usergraph-relay-'));
  try {
    await cp(project, join(root, project), { recursive: true, filter: (path) => path !== relayArtifacts });
    await cp('schema.graphql', join(root, 'schema.graphql'));
    const output = join(root, relayArtifacts);
    await mkdir(output);
    await writeFile(join(output, 'persisted-operations.json'), '{}');
    const compiler = resolve('node_modules/relay-compiler/cli.js');
    await promisify(execFile)(process.execPath, [compiler, '--noWatchman'], { cwd: join(root, project) });
    const names = await readdir(output);
    return await Promise.all(
      names.toSorted().map(async (name) => ({
        filename: join(relayArtifacts, name),
        content: withExtensions(await readFile(join(output, name), 'utf8')),
      })),
    );
  } finally {
    await rm(root, { recursive: true });
  }
}
