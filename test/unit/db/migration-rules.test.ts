import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
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

/** The statements of a migration that break a rule. Tables that it creates are empty and unknown to the previous version. */
function breachesOf(sql: string): string[] {
  const created = [...sql.matchAll(/\bCREATE (?:UNLOGGED )?TABLE "?(\w+)"?/gi)].map(([, table]) => table);
  const rules = /^-- contract: \S/m.test(sql) ? blockers : [...contracts, ...blockers];
  const statements = sql
    .replaceAll(/--.*/g, '')
    .split(';')
    .filter((statement) => !/\bCREATE (UNLOGGED )?TABLE\b/i.test(statement))
    .filter((statement) => !created.includes(/\bALTER TABLE "?(\w+)"?/i.exec(statement)?.[1]));
  return rules.flatMap(([pattern, breach]) => (statements.some((one) => pattern.test(one)) ? [breach] : []));
}

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
      ['adds a constraint without NOT VALID'],
    ],
    [
      'CREATE INDEX "users_language_idx" ON "users"("language");',
      ['builds an index that operators cannot build before with CONCURRENTLY'],
    ],
  ],
);

const breachesOfFile = (name: string) =>
  breachesOf(readFileSync(join('prisma/migrations', name, 'migration.sql'), 'utf8'));

it('each migration keeps the previous version working', () => {
  const names = globSync('*/', { cwd: 'prisma/migrations' }).filter((name) => name > LAST_WITHOUT_RULES);
  expect(names.filter((name) => breachesOfFile(name).length > 0)).toEqual([]);
  expect(breachesOfFile(LAST_WITHOUT_RULES)).toHaveLength(1);
});
