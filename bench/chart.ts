import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contestants } from './contestants/all.ts';
import { operations } from './operations.ts';
import { chart } from './report/chart.ts';
import { figuresSchema } from './report/figures.ts';
import { tables } from './report/table.ts';

const docs = join(import.meta.dirname, '../docs');

/** The generated part of docs/performance.md. */
const GENERATED_PART = /(<!-- figures -->\n)[\s\S]*(<!-- \/figures -->)/;

/** `npm run bench:chart -- FILE`: updates docs/performance.svg and the tables of docs/performance.md from the figures in FILE. */
async function main([file]: readonly string[]): Promise<void> {
  if (file === undefined)
    throw new Error('Usage: npm run bench:chart -- FILE   (written by npm run bench -- --json FILE)');
  const figures = figuresSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const measured = new Set(figures.rows.flatMap(({ operation, contestant }) => [operation, contestant]));
  const unmeasured = (all: readonly { name: string }[]) =>
    all.flatMap(({ name }) => (measured.has(name) ? [] : `\`${name}\``)).join(', ');
  if (unmeasured(operations))
    throw new Error(`${file} must contain every operation; missing: ${unmeasured(operations)}.`);
  const { date, machine, node, users, rounds, seconds } = figures;
  const without = unmeasured(contestants) ? `; without ${unmeasured(contestants)}` : '';
  const run = `${date.slice(0, 10)}, ${machine}, Node ${node}; ${users.toLocaleString('en')} users, ${rounds} rounds of ${seconds} s${without}.`;
  const page = join(docs, 'performance.md');
  const text = await readFile(page, 'utf8');
  await writeFile(
    page,
    text.replace(GENERATED_PART, (_, start, end) => `${start}${run}\n\n${tables(figures)}${end}`),
  );
  await writeFile(join(docs, 'performance.svg'), chart(figures));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
