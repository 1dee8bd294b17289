import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createOwner } from '../kit/cli.ts';
import { createEmptyDatabase } from '../kit/database.ts';
import { withConnection } from '../kit/database-url.ts';
import { findEarlierCommit, openVersion } from '../kit/earlier-version.ts';
import { printFigures } from '../kit/figures.ts';
import { type GatewayProcess, startGateway } from '../kit/gateway-process.ts';
import { startLoad } from '../kit/open-loop.ts';
import { runProgram } from '../kit/program.ts';
import { startRoundRobinProxy } from '../kit/round-robin-proxy.ts';

const PER_SECOND = 50;

/** The default. */
const DRAIN_MS = 2_000;

/** How long in ms the versions run side by side after each step. */
const SIDE_BY_SIDE_MS = 500;

/** Runs a program of a version on a database. @returns its output. */
async function runIn(path: string, program: string, DATABASE_URL: string, ...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await runProgram(join(path, program), args, { env: { DATABASE_URL } });
  expect(code, stderr).toBe(0);
  return stdout;
}

const readRows = <Row extends object>(url: string, sql: string): Promise<Row[]> =>
  withConnection(url, async (client) => (await client.query<Row>(sql)).rows);

/** The names of the migrations that a database has finished. */
const appliedMigrations = async (url: string) =>
  (
    await readRows<{ migration_name: string }>(url, 'SELECT * FROM _prisma_migrations WHERE finished_at IS NOT NULL')
  ).map((row) => row.migration_name);

it('replaces two gateways of an earlier version under load, and one of them back, without a failed request', async ({
  skip,
}) => {
  const commit = await findEarlierCommit().catch((error: Error) =>
    skip(`needs the history of the newest migration (git fetch --unshallow): ${error.message}`),
  );
  await using earlier = await openVersion(commit);
  expect(earlier.unknown).not.toEqual([]);
  await using database = await createEmptyDatabase();
  const url = database.connectionString;
  await runIn(earlier.path, 'scripts/db-migrate.ts', url);
  const owner = await createOwner({ DATABASE_URL: url }, earlier.path);
  await using proxy = await startRoundRobinProxy();
  await using stack = new AsyncDisposableStack();
  const start = async (path: string): Promise<GatewayProcess> => {
    const environment = { DATABASE_URL: url, RATE_LIMIT: '0', DRAIN_MS: String(DRAIN_MS) };
    const command: [string, string] = [process.execPath, join(path, 'src/main.ts')];
    const gateway = stack.use(await startGateway(environment, { command }));
    await proxy.add(gateway.address);
    return gateway;
  };
  /** Starts a gateway of a version beside another, and then stops that one. */
  const replace = async (gateway: GatewayProcess, path: string): Promise<GatewayProcess> => {
    const next = await start(path);
    await delay(SIDE_BY_SIDE_MS);
    expect(await gateway.end('SIGTERM')).toBe(0);
    return next;
  };

  const [one, other] = await Promise.all([start(earlier.path), start(earlier.path)]);
  const answer = await fetch(`${proxy.address}/v1/users/u`, {
    method: 'PUT',
    headers: { authorization: owner, 'content-type': 'application/json' },
    body: '{"first_name":"Ada"}',
  });
  expect(answer.status).toBeLessThan(300);
  const load = startLoad(proxy.address, owner, PER_SECOND);
  await load.steady();

  const began = Date.now();
  await runIn('.', 'scripts/db-migrate.ts', url);
  const migrated = Date.now();
  expect(await appliedMigrations(url)).toEqual(expect.arrayContaining(earlier.unknown));
  await delay(SIDE_BY_SIDE_MS);
  // The gateways of the earlier version are ready with migrations that they do not know.
  expect(proxy.failedChecks()).toBe(0);
  const first = await replace(one, '.');
  const second = await replace(other, '.');
  const rolled = Date.now();
  const back = await replace(first, earlier.path);
  await delay(SIDE_BY_SIDE_MS);
  const requests = await load.stop();

  const failed = requests.filter(({ status, body }) => status !== 200 || body.includes('"errors"'));
  expect(failed.map(({ status, body }) => `${status} ${body}`)).toEqual([]);
  const perGateway = [one, other, first, second, back].map(({ address }) => proxy.counts.get(address) ?? 0);
  for (const count of perGateway) expect(count).toBeGreaterThan(PER_SECOND / 5);
  const stored = await readRows<{ value: number }>(url, 'SELECT value FROM events');
  const written = requests.filter(({ number }) => number % 2 === 1).map(({ number }) => number);
  expect(stored.map(({ value }) => value).toSorted((one, next) => one - next)).toEqual(written);
  printFigures('upgrade', {
    from: earlier.commit,
    'migrations in between': earlier.unknown.length,
    'migrate ms': migrated - began,
    'roll ms': rolled - migrated,
    requests: requests.length,
    'of each gateway': perGateway.join(' '),
    failed: failed.length,
  });
});
