import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase } from '../src/db/client.ts';
import { connect, openBenchPostgres } from './database/open.ts';
import { prepareFilterDatabase } from './filters/database.ts';
import { measureQuestions } from './filters/measure.ts';
import { readFilterOptions } from './filters/options.ts';
import { filterFigures, filterText } from './filters/report.ts';
import { createProgress } from './report/progress.ts';
import { writeJson } from './report/write-json.ts';
import { run } from './run.ts';
import { withCleanup } from './with-cleanup.ts';

/** `npm run bench:filters`: measures filters and orders of users, beside hand-written SQL. See docs/performance.md. */
async function main(): Promise<void> {
  const { users, questions, directory, plans, json } = readFilterOptions(process.argv.slice(2));
  const progress = createProgress();
  const results = await withCleanup(async (stack) => {
    const postgres = stack.use(await openBenchPostgres('filters', directory));
    const url = await postgres.databaseUrl(users);
    const workspaceId = await prepareFilterDatabase(url, users, progress.show);
    const client = stack.use(await connect({ connectionString: url }));
    const db = stack.adopt(openDatabase({ connectionString: url }, { poolSize: 1 }), (opened) => opened.$disconnect());
    return await measureQuestions({ db, client, workspaceId, users }, questions, progress.show);
  });
  progress.clear();
  if (plans !== undefined) {
    await mkdir(plans, { recursive: true });
    for (const { question, plans: text } of results) {
      await writeFile(join(plans, `${question.name.replaceAll(/[^\w.-]+/g, '-')}.txt`), `${text}\n`);
    }
  }
  const figures = filterFigures(results, users);
  process.stdout.write(`${filterText(figures)}\n`);
  await writeJson(json, figures);
}

run('bench:filters', main);
