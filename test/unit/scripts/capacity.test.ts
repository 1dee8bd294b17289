import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { type Costs, capacityOf, costsSchema } from '../../../scripts/capacity/formula.ts';

const run = (...args: string[]) =>
  execFileSync(process.execPath, ['scripts/capacity.ts', ...args], { encoding: 'utf8', stdio: 'pipe' });

/** Runs the script with invalid arguments. @returns what it prints. */
function runFailing(...args: string[]): string {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/capacity.ts', ...args], { encoding: 'utf8' });
  expect(status).toBe(2);
  return stderr;
}

const COSTS: Costs = {
  traffic: { eventsPerUserDay: 8, updatesPerUserDay: 2, readsPerUserDay: 4, pagesPerUserDay: 1, peakToAverage: 2 },
  storage: { eventDays: 10, changeDays: 5, membershipsPerUser: 2, devicesPerUser: 3 },
  machines: {
    utilization: 0.5,
    coresPerServer: 4,
    terabytesPerServer: 1,
    diskUtilization: 0.5,
    poolSize: 10,
    changesPerSecondOfWorkspace: 3_000,
  },
  gatewayMs: { event: 0.2, update: 0.3, read: 0.1, page: 1, segmentChange: 0.1 },
  postgresMs: { event: 0.4, update: 0.5, read: 0.2, page: 2, segmentChange: 0.6 },
  bytes: { user: 2_000, device: 100, event: 500, change: 200, membership: 300 },
  walBytes: {
    event: { withoutPageImages: 1_000, withPageImages: 9_000 },
    update: { withoutPageImages: 2_000, withPageImages: 8_000 },
  },
};

it('computes what the peak needs', () => {
  // 86,400,000 users: 1,000 requests per second for each daily request of a user.
  const capacity = capacityOf(86_400_000, COSTS);
  expect(capacity).toMatchObject({ writesPerSecond: 20_000, readsPerSecond: 10_000 });
  // 16,000 × 1.0 + 4,000 × 1.1 + 8,000 × 0.2 + 2,000 × 2 = 26,000 ms of CPU time per second.
  expect(capacity.postgresCores).toBeCloseTo(52);
  // 2,000 + 300 + 600 + 40,000 + 10,000 bytes for each user.
  expect(capacity.terabytes).toBeCloseTo(4.57, 2);
  // 52 cores need 13 servers of 4; 4.57 TB need 10 of 1 that are half full.
  expect(capacity.primaries).toBe(13);
  // 16,000 × 0.3 + 4,000 × 0.4 + 8,000 × 0.1 + 2,000 × 1 = 9,200 ms.
  expect(capacity.gatewayCores).toBeCloseTo(18.4);
  // 18.4 / 13 cores need two processes, and a third one can fail.
  expect(capacity).toMatchObject({ gatewayProcesses: 39, connections: 520, workspacesWithSegments: 7 });
  expect(capacity.walMegabytes).toEqual({ withoutPageImages: 24, withPageImages: 176 });
  expect(capacity.walTerabytesPerDay.withPageImages).toBeCloseTo(7.6, 1);
});

it('needs one primary and two processes for the smallest deployment', () => {
  expect(capacityOf(1, COSTS)).toMatchObject({ primaries: 1, gatewayProcesses: 2, connections: 30 });
});

it('needs primaries for disk space', () => {
  const machines = { ...COSTS.machines, terabytesPerServer: 0.01 };
  // 52.9 GB in disks of 10 GB that are half full.
  expect(capacityOf(1_000_000, { ...COSTS, machines }).primaries).toBe(11);
});

it('limits no workspace without segments', () => {
  const gatewayMs = { ...COSTS.gatewayMs, segmentChange: 0 };
  const postgresMs = { ...COSTS.postgresMs, segmentChange: 0 };
  expect(capacityOf(86_400_000, { ...COSTS, gatewayMs, postgresMs }).workspacesWithSegments).toBe(0);
});

it('prints the table of docs/capacity.md', () => {
  const page = readFileSync('docs/capacity.md', 'utf8');
  expect(/<!-- capacity -->\n(.*)<!-- \/capacity -->/s.exec(page)?.[1]).toBe(run());
});

it('rejects costs that are incomplete, too high or contradict each other, naming all of them', () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'capacity-')), 'costs.json');
  const { bytes: _, ...rest } = costsSchema.parse(COSTS);
  const walBytes = { ...rest.walBytes, event: { withoutPageImages: 2, withPageImages: 1 } };
  const gatewayMs = { ...rest.gatewayMs, event: 1e308 };
  writeFileSync(file, JSON.stringify({ ...rest, walBytes, gatewayMs, rounds: 3 }));
  const output = runFailing('--costs', file);
  for (const part of ['bytes', 'withoutPageImages must not exceed withPageImages', 'gatewayMs.event', 'rounds']) {
    expect(output).toContain(part);
  }
});

it.each(['0', '1e6', '10,', 'many', '5,5', '9'.repeat(13)])('rejects the number of users %s', (users) => {
  expect(runFailing('--users', users)).toBe(
    `--users must be different integers from 1 to 1000000000000, separated by commas; got "${users}".\n`,
  );
});

it('rejects an option that is given twice, and files that are not JSON', () => {
  expect(runFailing('--users', '1', '--users', '2')).toContain('--users must be given once; got 2 values.');
  expect(runFailing('--costs', 'README.md')).toContain('Cannot read README.md: ');
});
