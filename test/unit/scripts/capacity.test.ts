import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { type Costs, capacityOf, costsSchema } from '../../../scripts/capacity/formula.ts';

const run = (...args: string[]) =>
  execFileSync(process.execPath, ['scripts/capacity.ts', ...args], { encoding: 'utf8', stdio: 'pipe' });

const COSTS: Costs = {
  traffic: { eventsPerUserDay: 8, updatesPerUserDay: 2, readsPerUserDay: 4, pagesPerUserDay: 1, peakToAverage: 2 },
  storage: { eventDays: 10, changeDays: 5, membershipsPerUser: 2, devicesPerUser: 3 },
  machines: { utilization: 0.5, coresPerServer: 4, terabytesPerServer: 1, poolSize: 10 },
  gatewayMs: { event: 0.2, update: 0.3, read: 0.1, page: 1, segmentChange: 0.1 },
  postgresMs: { event: 0.4, update: 0.5, read: 0.2, page: 2, segmentChange: 0.6 },
  bytes: { user: 2_000, device: 100, event: 500, change: 200, membership: 300 },
  walBytes: { event: { least: 1_000, most: 9_000 }, update: { least: 2_000, most: 8_000 } },
};

it('computes what the peak needs', () => {
  // 86,400,000 users: 1,000 requests per second for each daily request of a user.
  const capacity = capacityOf(86_400_000, COSTS);
  expect(capacity).toMatchObject({ writesPerSecond: 20_000, readsPerSecond: 10_000 });
  // 16,000 × 0.3 + 4,000 × 0.4 + 8,000 × 0.1 + 2,000 × 1 = 9,200 ms of CPU time per second.
  expect(capacity.gatewayCores).toBeCloseTo(18.4);
  expect(capacity).toMatchObject({ gatewayProcesses: 20, connections: 210 });
  // 16,000 × 1.0 + 4,000 × 1.1 + 8,000 × 0.2 + 2,000 × 2 = 26,000 ms.
  expect(capacity.postgresCores).toBeCloseTo(52);
  expect(capacity.walMegabytes).toEqual({ least: 24, most: 176 });
  // 2,000 + 300 + 600 + 40,000 + 10,000 bytes for each user.
  expect(capacity.terabytes).toBeCloseTo(4.57, 2);
  // 52 cores need 13 servers of 4; 4.57 TB need 5 of 1.
  expect(capacity.servers).toBe(13);
});

it('needs two processes for the smallest deployment, and servers for its disk space', () => {
  const capacity = capacityOf(1_000_000, { ...COSTS, machines: { ...COSTS.machines, terabytesPerServer: 0.01 } });
  expect(capacity).toMatchObject({ gatewayProcesses: 2, servers: 6 });
});

it('prints the table of docs/capacity.md', () => {
  const page = readFileSync('docs/capacity.md', 'utf8');
  expect(/<!-- capacity -->\n(.*)<!-- \/capacity -->/s.exec(page)?.[1]).toBe(run());
});

it('rejects costs that are incomplete or contradict each other, naming all of them', () => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'capacity-')), 'costs.json');
  const { bytes: _, ...rest } = costsSchema.parse(COSTS);
  const walBytes = { ...rest.walBytes, event: { least: 2, most: 1 } };
  writeFileSync(file, JSON.stringify({ ...rest, walBytes, rounds: 3 }));
  expect(() => run('--costs', file)).toThrow(/bytes.*least must not exceed most.*rounds|rounds.*bytes/s);
});

it.each(['0', '1e6', '10,', 'many'])('rejects the number of users %s', (users) => {
  expect(() => run('--users', users)).toThrow('--users must be integers above 0');
});
