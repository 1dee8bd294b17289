import { writeFile } from 'node:fs/promises';

/** Writes the figures of a run to the file of `--json`, if that option is used. */
export async function writeJson(file: string | undefined, figures: object): Promise<void> {
  if (file !== undefined) await writeFile(file, `${JSON.stringify(figures, undefined, 2)}\n`);
}
