import { writeFile } from 'node:fs/promises';

/** Writes a run's figures to the file of `--json`, where one is named. */
export async function writeJson(file: string | undefined, figures: object): Promise<void> {
  if (file !== undefined) await writeFile(file, `${JSON.stringify(figures, undefined, 2)}\n`);
}
