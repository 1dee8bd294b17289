import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contestants } from './contestants/all.ts';
import { questions } from './questions.ts';
import { chart } from './report/chart.ts';
import { figuresSchema } from './report/figures.ts';
import { tables } from './report/table.ts';

const docs = join(import.meta.dirname, '../docs');

/** What of docs/performance.md is written by this program. */
const WRITTEN = /(<!-- figures -->\n)[\s\S]*(<!-- \/figures -->)/;

/** `node bench/chart.ts FILE`: makes docs/performance.svg and the tables of docs/performance.md of what `--json FILE` wrote. */
async function main([file]: readonly string[]): Promise<void> {
  if (file === undefined) throw new Error('Name the file that npm run bench -- --json has written.');
  const figures = figuresSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const measured = new Set(figures.rows.flatMap(({ question, contestant }) => [question, contestant]));
  const missing = [...questions, ...contestants].map(({ name }) => name).filter((name) => !measured.has(name));
  if (missing.length > 0)
    throw new Error(`Only a whole run replaces the figures; this one lacks ${missing.join(', ')}.`);
  const { date, machine, node, users, rounds, seconds } = figures;
  const run = `${date.slice(0, 10)}, ${machine}, Node ${node}; ${users.toLocaleString('en')} users, ${rounds} rounds of ${seconds} s.`;
  const page = join(docs, 'performance.md');
  const text = await readFile(page, 'utf8');
  await writeFile(
    page,
    text.replace(WRITTEN, (_, before, after) => `${before}${run}\n\n${tables(figures)}${after}`),
  );
  await writeFile(join(docs, 'performance.svg'), chart(figures));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
