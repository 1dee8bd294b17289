import { expect } from 'vitest';
import { DETACHED_MARK, noticeMark } from '../../../src/db/partitions/marks.ts';
import { readPartitionState } from '../../../src/db/partitions/state.ts';
import { openCli, rejected } from '../../kit/cli.ts';
import { firstPartition, forgetStatistics, itUnlessPartitioned, leaveCheck } from '../../kit/partitions.ts';

itUnlessPartitioned('partitions events, lists the partitions, and drops only with --yes', async () => {
  await using cli = await openCli();
  expect((await cli.run('partitions', 'list')).stdout).toMatch(/^events is not partitioned\./);
  const created = await cli.run('partitions', 'create', '--ahead', '2');
  expect(created, created.stderr).toMatchObject({ code: 0 });
  expect(created.stdout).toMatch(/^Partitioned events: events_until_\d{4}_\d\d contains the events until /);
  expect((await cli.run('partitions', 'create', '--ahead', '2')).stdout).toMatch(/^All partitions exist\.\n/);
  expect((await cli.run('partitions', 'list')).stdout).toMatch(/^NAME +FROM +UNTIL +ROWS +SIZE\nevents_until_/);
  expect((await cli.run('partitions', 'drop', '--older-than', '12')).stdout).toMatch(/^No partition is older than /);
  // A partition of the past, as one that has become old.
  await cli.db.$executeRawUnsafe(`ALTER TABLE events DETACH PARTITION ${(await firstPartition(cli.db)).name}`);
  await cli.db.$executeRawUnsafe(
    "CREATE TABLE events_2020_01 PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('016fa000-0000-0000-0000-000000000000')",
  );
  expect((await cli.run('partitions', 'drop', '--older-than', '12')).stdout).toMatch(
    /^Would drop \(repeat with --yes\)/,
  );
  expect((await cli.run('partitions', 'list')).stdout).toContain('events_2020_01');
  expect(await cli.run('partitions', 'drop', '--older-than', '2999-01-01', '--yes')).toEqual(
    rejected('--older-than must be in the past; got 2999-01-01'),
  );
  expect((await cli.run('partitions', 'drop', '--older-than', '2021-01-01', '--yes')).stdout).toMatch(/^Dropped; /);
  expect((await cli.run('partitions', 'list')).stdout).not.toContain('events_2020_01');
});

itUnlessPartitioned('analyzes the table if a command was killed before it had', async () => {
  await using cli = await openCli();
  await cli.run('partitions', 'create');
  await forgetStatistics(cli.db);
  const { stdout, stderr } = await cli.run('partitions', 'create');
  expect([stdout, stderr]).toEqual([expect.stringMatching(/^All partitions exist\.\n/), 'analyzing\n']);
  expect(await readPartitionState(cli.db)).toMatchObject({ lacksStatistics: false });
  expect(await cli.run('partitions', 'create')).toMatchObject({ stderr: '' });
});

itUnlessPartitioned('shows an interrupted partitioning, and removes what it has left', async () => {
  await using cli = await openCli();
  await leaveCheck(cli.db, new Date('2026-12-01'));
  expect((await cli.run('partitions', 'list')).stdout).toMatch(
    /^Partitioning of events is running, or was interrupted: .* Its check rejects events from 2026-12-01.* on\.\n$/,
  );
  expect((await cli.run('partitions', 'abandon')).stdout).toMatch(
    /^Removed what the interrupted partitioning has left\./,
  );
  await leaveCheck(cli.db, new Date('2026-12-01'));
  expect(JSON.parse((await cli.run('partitions', 'abandon', '--json')).stdout)).toEqual({ isAbandoned: true });
  expect(await cli.run('partitions', 'abandon')).toEqual(rejected('There is no interrupted partitioning to abandon.'));
  expect((await cli.run('partitions', 'list', '--json')).stdout).toBe(
    `${JSON.stringify({ partitions: null, hasUnfinishedConversion: false, detachedTables: [], unmarkedTables: [] }, undefined, 2)}\n`,
  );
});

itUnlessPartitioned('lists announced, interrupted and foreign drops, and completes the interrupted one', async () => {
  await using cli = await openCli();
  await cli.run('partitions', 'create', '--ahead', '1');
  const { name: first } = await firstPartition(cli.db);
  const notice = { dropAfter: new Date('2026-12-01T00:00:00Z'), retentionMonths: 24 };
  await cli.db.$executeRawUnsafe(`COMMENT ON TABLE ${first} IS '${noticeMark(notice)}'`);
  await cli.db.$executeRawUnsafe('CREATE TABLE events_dropped_2020_01 ()');
  await cli.db.$executeRawUnsafe('CREATE TABLE events_dropped_2020_02 ()');
  await cli.db.$executeRawUnsafe(`COMMENT ON TABLE events_dropped_2020_02 IS '${DETACHED_MARK}'`);
  const { stdout } = await cli.run('partitions', 'list');
  expect(stdout).toContain(`\n${first} is dropped after 2026-12-01T00:00:00.000Z by EVENT_RETENTION_MONTHS=24.\n`);
  expect(stdout).toContain(
    '\nRename events_dropped_2020_01: usergraph uses this name, but did not create the table.\n',
  );
  expect(stdout).toContain('\nevents_dropped_2020_02 is detached, but not dropped yet; ');
  expect((await cli.run('partitions', 'drop', '--older-than', '12', '--yes')).stdout).toMatch(
    /^No partition is older than .*\nDropped events_dropped_2020_02, which an earlier drop had detached\.\n$/,
  );
  expect((await cli.run('partitions', 'list')).stdout).not.toContain('events_dropped_2020_02');
});

itUnlessPartitioned('rejects dates that do not exist, and ages out of range', async () => {
  await using cli = await openCli();
  for (const age of ['2026-02-30', '0', '1201', 'old']) {
    expect(await cli.run('partitions', 'drop', '--older-than', age)).toEqual(rejected('It must be a number of months'));
  }
  expect(await cli.run('partitions', 'drop', '--older-than', '12')).toEqual(rejected('events is not partitioned'));
});
