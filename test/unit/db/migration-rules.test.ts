import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { splitStatements } from '../../../src/db/migrations/split-statements.ts';
import { itFinds } from '../../kit/findings.ts';

/** The last migration that was written before the rules of docs/operating.md, "Expand and contract". */
const LAST_WITHOUT_RULES = '20261128070000_add_idempotency_results_index';

/** Tables with so many rows that building an index takes minutes. */
const LARGE_TABLES = 'users|devices|events|changes|idempotency_keys';

/** What the previous version may still use; allowed with a comment that says why it does not. */
const contracts: [RegExp, string][] = [
  [/\bDROP (TABLE|COLUMN)\b/i, 'drops what the previous version may use'],
  [/\bRENAME\b/i, 'renames what the previous version uses'],
  [/\bALTER COLUMN \S+ (SET DATA )?TYPE\b/i, 'changes the type of a column'],
];

/** What blocks writes for as long as it reads the table, or fails writes of the previous version. */
const blockers: [RegExp, string][] = [
  [/\bSET NOT NULL\b/i, 'reads the table while it is locked'],
  [/\bADD COLUMN\b(?![^,]*\bDEFAULT\b)[^,]*\bNOT NULL\b/i, 'adds a column that the previous version does not write'],
  [/\b(FOREIGN KEY|CHECK)\b(?![\s\S]*\bNOT VALID\b)/i, 'adds a constraint without NOT VALID'],
  [
    new RegExp(`\\bCREATE (UNIQUE )?INDEX (?!IF NOT EXISTS)[^;]*\\bON "?(${LARGE_TABLES})"?`, 'i'),
    'builds an index that operators cannot build before with CONCURRENTLY',
  ],
];

/** What fails or does something else if `events` is partitioned, and what to write instead: docs/partitions.md, "Later migrations". */
const unpartitionable: [RegExp, string][] = [
  [
    /\bALTER TABLE "?events\b"?[^;]*\bFOREIGN KEY\b/i,
    'adds a foreign key to events, which cannot be NOT VALID on partitions before PostgreSQL 18; check the row in the statement that adds events',
  ],
  [
    /\bREFERENCES "?events\b/i,
    'refers to events by a foreign key, which prevents partitions; store the id without a foreign key',
  ],
  [
    /\bINDEX CONCURRENTLY\b[^;]*\bON "?events\b/i,
    'builds an index of events CONCURRENTLY, which fails on partitions; write CREATE INDEX IF NOT EXISTS',
  ],
  [/\bONLY "?events\b/i, 'changes events without its partitions; omit ONLY'],
  [
    /(\bUNIQUE INDEX\b[^;]*\bON "?events\b"? *|\bALTER TABLE "?events\b"?[^;]*\bUNIQUE *)\((?![^)]*\bid\b)/i,
    'makes columns of events unique without id, by which it is partitioned; add id to them',
  ],
  [
    /\bALTER TABLE "?events\b"?[^;]*\bUSING INDEX\b/i,
    'makes an index of events a constraint, which fails on partitions; keep the unique index',
  ],
  [
    /\bALTER TABLE "?events\b"? SET \(/i,
    "sets storage parameters of events, which fails on partitions; set them on each leaf of pg_partition_tree('events')",
  ],
];

/** The statements of a migration that break a rule. Tables that it creates are empty and unknown to the previous version. */
function breachesOf(sql: string): string[] {
  const created = [...sql.matchAll(/\bCREATE (?:UNLOGGED )?TABLE "?(\w+)"?/gi)].map(([, table]) => table);
  const rules = /^-- contract: \S/m.test(sql) ? blockers : [...contracts, ...blockers];
  const all = splitStatements(sql);
  const statements = all
    .filter((statement) => !/\bCREATE (UNLOGGED )?TABLE\b/i.test(statement))
    .filter((statement) => !created.includes(/\bALTER TABLE "?(\w+)"?/i.exec(statement)?.[1]));
  const find = (from: readonly string[], patterns: readonly [RegExp, string][]) =>
    patterns.flatMap(([pattern, breach]) => (from.some((one) => pattern.test(one)) ? [breach] : []));
  return [...find(statements, rules), ...find(all, unpartitionable)];
}

const breachesOfPartitions = (sql: string) =>
  breachesOf(sql).filter((breach) => unpartitionable.some(([, other]) => other === breach));

itFinds(
  breachesOf,
  [
    'ALTER TABLE "users" ADD COLUMN "language" TEXT, ADD COLUMN "tier" INTEGER NOT NULL DEFAULT 0;',
    'CREATE INDEX IF NOT EXISTS "users_language_idx" ON "users"("language");',
    'CREATE TABLE "notes" ("id" UUID NOT NULL); ALTER TABLE "notes" ADD CONSTRAINT "fk" FOREIGN KEY ("id") REFERENCES "users"("id");',
    'ALTER TABLE "events" ADD CONSTRAINT "positive" CHECK ("value" > 0) NOT VALID;',
    '-- contract: no version since 0.2 reads it.\nALTER TABLE "users" DROP COLUMN "language";',
  ],
  [
    ['ALTER TABLE "users" DROP COLUMN "language";', ['drops what the previous version may use']],
    ['DROP TABLE "notes";', ['drops what the previous version may use']],
    ['ALTER TABLE "users" RENAME COLUMN "language" TO "locale";', ['renames what the previous version uses']],
    ['ALTER TABLE "users" ALTER COLUMN "uid" SET DATA TYPE VARCHAR(10);', ['changes the type of a column']],
    ['ALTER TABLE "users" ALTER COLUMN "uid" SET NOT NULL;', ['reads the table while it is locked']],
    [
      'ALTER TABLE "users" ADD COLUMN "language" TEXT NOT NULL;',
      ['adds a column that the previous version does not write'],
    ],
    [
      'ALTER TABLE "events" ADD CONSTRAINT "fk" FOREIGN KEY ("id") REFERENCES "users"("id");',
      ['adds a constraint without NOT VALID', expect.stringMatching(/^adds a foreign key to events/)],
    ],
    [
      'CREATE INDEX "users_language_idx" ON "users"("language");',
      ['builds an index that operators cannot build before with CONCURRENTLY'],
    ],
  ],
);

itFinds(
  breachesOfPartitions,
  [
    'ALTER TABLE "events" ADD COLUMN "source" TEXT, ADD CONSTRAINT "short" CHECK (length("source") < 100) NOT VALID;',
    'CREATE INDEX IF NOT EXISTS "events_source_idx" ON "events"("workspace_id", "source");',
    'CREATE UNIQUE INDEX IF NOT EXISTS "events_source_key" ON "events"("workspace_id", "source", "id");',
    'ALTER TABLE "events_archive" ADD CONSTRAINT "fk" FOREIGN KEY ("id") REFERENCES "users"("id") NOT VALID;',
  ],
  (
    [
      [
        'ALTER TABLE "events" ADD CONSTRAINT "fk" FOREIGN KEY ("id") REFERENCES "users"("id") NOT VALID;',
        /add.* foreign/,
      ],
      ['CREATE TABLE "notes" ("id" UUID REFERENCES "events"("id"));', /^refers to events .*; store the id/],
      ['CREATE INDEX CONCURRENTLY IF NOT EXISTS "i" ON "events"("name");', /; write CREATE INDEX IF NOT EXISTS$/],
      ['CREATE INDEX IF NOT EXISTS "i" ON ONLY "events"("name");', /; omit ONLY$/],
      ['CREATE UNIQUE INDEX IF NOT EXISTS "i" ON "events"("workspace_id", "user_id");', /; add id to them$/],
      ['ALTER TABLE "events" ADD CONSTRAINT "u" UNIQUE ("workspace_id", "name");', /; add id to them$/],
      ['ALTER TABLE "events" ADD CONSTRAINT "u" UNIQUE USING INDEX "i";', /; keep the unique index$/],
      ['ALTER TABLE "events" SET (fillfactor = 90);', /; set them on each leaf/],
    ] as const
  ).map(([sql, breach]) => [sql, [expect.stringMatching(breach)]] as const),
);

const breachesOfFile = (name: string) =>
  breachesOf(readFileSync(join('prisma/migrations', name, 'migration.sql'), 'utf8'));

it('each migration keeps the previous version working, and works with partitions', () => {
  const names = globSync('*/', { cwd: 'prisma/migrations' }).filter((name) => name > LAST_WITHOUT_RULES);
  expect(names.flatMap((name) => breachesOfFile(name).map((breach) => `${name} ${breach}`))).toEqual([]);
  expect(breachesOfFile(LAST_WITHOUT_RULES)).toHaveLength(1);
});
