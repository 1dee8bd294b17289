import { readdir, readFile } from 'node:fs/promises';

const folder = new URL('../../examples/operations/', import.meta.url);

/** An operation that a tab begins with. */
export interface Example {
  query: string;
  /** JSON. */
  variables: string;
}

/** Reads the example operations, in order: each `N-name.graphql` has its variables beside it, in `N-name.json`. */
export async function readExamples(): Promise<Example[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.graphql')).sort();
  return Promise.all(
    names.map(async (name) => ({
      query: (await readFile(new URL(name, folder), 'utf8')).trimEnd(),
      variables: (await readFile(new URL(name.replace('.graphql', '.json'), folder), 'utf8')).trimEnd(),
    })),
  );
}
