import type { Client } from 'pg';
import { openDatabase } from '../../src/db/client.ts';
import { migrate } from '../../src/db/migrations/migrate.ts';
import { partitionEvents } from '../../src/db/partitions/convert.ts';
import { partitionSql } from '../../src/db/partitions/create.ts';
import { idBoundOf, startOfMonth } from '../../src/db/partitions/months.ts';
import { readPartitionState } from '../../src/db/partitions/state.ts';
import { FILL_END, FILL_START, idSql } from '../database/ids.ts';
import { type BenchPostgres, connect } from '../database/open.ts';
import { prepareWorkspace } from '../database/prepare.ts';
import type { ShowProgress } from '../report/progress.ts';

const MONTHS = 12;

/** Users by how many events they have in twelve months, each kind with half of the events. */
const EVENTS_OF = { active: 1_000, occasional: 20 } as const;
export type UserKind = keyof typeof EVENTS_OF;

/** The id of the user of a kind and a number from 0. */
export const userId = (kind: UserKind, number: number) =>
  `01900000-0000-7000-8000-${(number + (kind === 'active' ? 0 : OCCASIONAL_START)).toString(16).padStart(12, '0')}`;

const OCCASIONAL_START = 0x1000000;

/** The number of users of a kind. */
export const countUsers = (kind: UserKind, events: number) => Math.floor(events / 2 / EVENTS_OF[kind]);

/** A database with events, partitioned or not; both have the same rows, but for the id of the workspace. */
export interface FilledDatabase {
  url: string;
  workspaceId: string;
}

/** Fills a database with users and events of twelve months, unless an earlier run has. */
export async function prepareEvents(
  postgres: BenchPostgres,
  { events, isPartitioned }: { events: number; isPartitioned: boolean },
  showProgress: ShowProgress,
): Promise<FilledDatabase> {
  const url = await postgres.databaseUrl(isPartitioned ? `${events}_partitioned` : events);
  await migrate({ connectionString: url });
  const workspaceId = await prepareWorkspace(url);
  await using client = await connect({ connectionString: url });
  const { rowCount } = await client.query('SELECT FROM events LIMIT 1');
  if (rowCount === 0) {
    showProgress(`Filling the ${isPartitioned ? 'partitioned' : 'plain'} database`);
    // VACUUM marks only pages as visible whose commits are on disk; counts would read the rows of the others.
    await client.query('SET session_replication_role TO replica; SET synchronous_commit TO on');
    const pastMonths = isPartitioned ? await partitionPast(url) : [];
    // In one transaction: an interrupted fill leaves an empty table, which the next run fills.
    await client.query('BEGIN');
    for (const statement of pastMonths) await client.query(statement);
    for (const kind of ['active', 'occasional'] as const) await fillKind(client, workspaceId, kind, events);
    await client.query('COMMIT');
  }
  await client.query('VACUUM ANALYZE');
  return { url, workspaceId };
}

/** Partitions the empty table. @returns the statements that give it a partition for each month of the fill. */
async function partitionPast(url: string): Promise<string[]> {
  await using stack = new AsyncDisposableStack();
  const db = stack.adopt(openDatabase({ connectionString: url }, { poolSize: 1 }), (open) => open.$disconnect());
  await partitionEvents(db);
  const first = (await readPartitionState(db)).partitions?.find(({ from }) => from === null);
  if (!first) throw new Error('events must have a partition without a start.');
  const months = Array.from({ length: MONTHS }, (_, place) => startOfMonth(new Date(FILL_START), place));
  return [
    `ALTER TABLE events DETACH PARTITION "${first.name}"`,
    `ALTER TABLE events ATTACH PARTITION "${first.name}" FOR VALUES FROM ('${idBoundOf(new Date(FILL_END))}') TO ('${idBoundOf(first.to)}')`,
    ...months.flatMap((month) => partitionSql(month, 'events', null)),
  ];
}

/** The events of a user are distributed evenly over the year. */
async function fillKind(client: Client, workspaceId: string, kind: UserKind, events: number): Promise<void> {
  const users = countUsers(kind, events);
  const first = kind === 'active' ? 0 : OCCASIONAL_START;
  const idOf = (number: string) => `('01900000-0000-7000-8000-' || lpad(to_hex(${first} + ${number}), 12, '0'))::uuid`;
  await client.query(`INSERT INTO users (workspace_id, id, uid, created_at, updated_at)
    SELECT '${workspaceId}', ${idOf('n')}, '${kind}' || n, now(), now() FROM generate_series(0, ${users - 1}) AS n`);
  const count = users * EVENTS_OF[kind];
  await client.query(`INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
    SELECT '${workspaceId}', ${idSql('ms', `n + ${first}`)}, ${idOf(`n % ${users}`)}, 'Event ' || n / ${users} % 7, to_jsonb(n % 100),
      '{}', to_timestamp(ms / 1000.0)
    FROM (SELECT n, ${FILL_START} + n * ${(FILL_END - FILL_START) / count} AS ms FROM generate_series(0::bigint, ${count - 1}) AS n) AS numbered(n, at),
      LATERAL (SELECT at::bigint AS ms) AS rounded ORDER BY ms`);
}
