import { describe, expect, it } from 'vitest';
import { pendingMigrations } from '../../../src/db/migrations/migrate.ts';
import { openEmptyDatabase } from '../../kit/migrations.ts';
import { fails, ok, runProgram } from '../../kit/program.ts';

const run = (env: Record<string, string>) => runProgram('scripts/db-migrate.ts', [], { env });

/** The environment of a gateway whose files are missing here. */
const tracesWithoutCertificate = {
  OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector:4318',
  OTEL_EXPORTER_OTLP_CERTIFICATE: '/no/such/file',
};

describe('npm run db:migrate', () => {
  it('applies the pending migrations and prints their names; then the database is up to date', async () => {
    await using database = await openEmptyDatabase();
    const pending = await pendingMigrations(database.rows);
    const names = pending.map((name) => `Applied ${name}\n`).join('');
    expect(await run({ DATABASE_URL: database.connectionString })).toEqual(
      ok(`${names}Applied ${pending.length} migration(s).\n`),
    );
    expect(await pendingMigrations(database.rows)).toEqual([]);
    expect(await run({ DATABASE_URL: database.connectionString })).toEqual(ok('The database is up to date.\n'));
  });

  it.each([
    ['without DATABASE_URL', {}, 'DATABASE_URL is not set'],
    ['without the certificates of traces', tracesWithoutCertificate, 'DATABASE_URL is not set'],
    ['with an empty DATABASE_URL', { DATABASE_URL: '' }, 'DATABASE_URL is not set'],
    [
      'with a database out of reach',
      { DATABASE_URL: 'postgres://x:hidden@127.0.0.1:1/x' },
      'at 127.0.0.1:1: connect ECONNREFUSED',
    ],
  ])('fails in one line %s', async (_case, env, reason) => {
    const failed = await run(env);
    expect(failed).toEqual(fails('db:migrate failed: ', reason));
    expect(failed.stderr).not.toContain('hidden');
  });

  it('names the variable if its URL is not of PostgreSQL', async () => {
    const { stderr, code } = await run({ DATABASE_URL: 'mysql://127.0.0.1/x' });
    expect([stderr, code]).toEqual([expect.stringContaining('  DATABASE_URL: '), 1]);
  });
});
