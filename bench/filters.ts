import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_TIMEOUTS, openDatabase } from '../src/db/client.ts';
import { indexNames } from '../src/db/indexes/catalogue.ts';
import { connect, openBenchPostgres } from './database/open.ts';
import { prepareFilterDatabase } from './filters/database.ts';
import { measureIndexCosts } from './filters/index-costs.ts';
import { createIndexes } from './filters/indexes.ts';
import { measureQuestions } from './filters/measure.ts';
import { readFilterOptions } from './filters/options.ts';
import { startPeer } from './filters/peer.ts';
import { filterFigures, filterText } from './filters/report.ts';
import { createProgress } from './report/progress.ts';
import { writeJson } from './report/write-json.ts';
import { run } from './run.ts';
import { withCleanup } from './with-cleanup.ts';

/** The creation of an index takes minutes. */
const PATIENT = { ...DEFAULT_TIMEOUTS, statementMs: 3_600_000, lockMs: 3_600_000 };

/** Connections of each server. */
const POOL_SIZE = 10;

/** `npm run bench:filters`: measures filters and orders of users, beside hand-written SQL and PostGraphile. See docs/performance.md. */
async function main(): Promise<void> {
  const { users, questions, directory, plans, json, ...options } = readFilterOptions(process.argv.slice(2));
  const progress = createProgress();
  await withCleanup(async (stack) => {
    const postgres = stack.use(await openBenchPostgres('filters', directory));
    const databaseUrl = await postgres.databaseUrl(users);
    const workspaceId = await prepareFilterDatabase(databaseUrl, users, progress.show);
    const open = (poolSize: number) =>
      stack.adopt(openDatabase({ connectionString: databaseUrl }, { poolSize, timeouts: PATIENT }), (db) =>
        db.$disconnect(),
      );
    if (options.costs) {
      const text = await measureIndexCosts({ db: open(1), owner: open(2), workspaceId }, progress.show);
      progress.clear();
      process.stdout.write(`${text}\n`);
      return;
    }
    const client = stack.use(await connect({ connectionString: databaseUrl }));
    await createIndexes(open(2), options.indexes, progress.show);
    const db = open(1);
    await db.indexes.refresh(db);
    const comparePeer = options.postgraphile
      ? await startPeer({ databaseUrl, workspaceId, poolSize: POOL_SIZE }, stack)
      : undefined;
    const results = await measureQuestions({ db, client, workspaceId, users, comparePeer }, questions, progress.show);
    progress.clear();
    if (plans !== undefined) {
      await mkdir(plans, { recursive: true });
      for (const { question, plans: text } of results) {
        await writeFile(join(plans, `${question.name.replaceAll(/[^\w.-]+/g, '-')}.txt`), `${text}\n`);
      }
    }
    const figures = filterFigures(results, { users, indexes: indexNames.filter((name) => db.indexes.has(name)) });
    process.stdout.write(`${filterText(figures)}\n`);
    await writeJson(json, figures);
  });
}

run('bench:filters', main);
