import { z } from 'zod';

/** No measured figure comes near it; beyond it, results would lose their meaning. */
const MAX_FIGURE = 1e9;

const nonNegative = z.number().nonnegative().max(MAX_FIGURE);
const positive = z
  .number()
  .min(1 / MAX_FIGURE)
  .max(MAX_FIGURE);
const share = z.number().min(0.01).max(1);

const byRequest = z.strictObject({
  event: nonNegative,
  update: nonNegative,
  read: nonNegative,
  page: nonNegative,
  /** What segments add to each write. 0 without segments. */
  segmentChange: nonNegative,
});

const walRange = z
  .strictObject({ withoutPageImages: nonNegative, withPageImages: nonNegative })
  .refine(({ withoutPageImages, withPageImages }) => withoutPageImages <= withPageImages, {
    error: 'withoutPageImages must not exceed withPageImages',
  });

/** Traffic, stored rows, and measured costs per request. docs/capacity.md says where the figures come from. */
export const costsSchema = z.strictObject({
  traffic: z.strictObject({
    eventsPerUserDay: nonNegative,
    updatesPerUserDay: nonNegative,
    readsPerUserDay: nonNegative,
    pagesPerUserDay: nonNegative,
    /** Requests per second in the busiest minute, divided by the average of the day. */
    peakToAverage: z.number().min(1).max(MAX_FIGURE),
  }),
  storage: z.strictObject({
    /** The days of events that are stored. */
    eventDays: positive,
    /** The days of changes that are stored. */
    changeDays: positive,
    membershipsPerUser: nonNegative,
    devicesPerUser: nonNegative,
  }),
  machines: z.strictObject({
    /** The share of a core that is used at the peak. The rest leaves room for short peaks. */
    utilization: share,
    coresPerServer: positive,
    terabytesPerServer: positive,
    /** The share of a disk that rows and indexes fill. The rest is for WAL, dead rows, temporary files and new indexes. */
    diskUtilization: share,
    /** `POOL_SIZE`: connections of each process. */
    poolSize: z.int().positive().max(1_000),
    /** The changes per second that segments of one workspace consume, which one process does. */
    changesPerSecondOfWorkspace: positive,
  }),
  /** CPU time of a request in the gateway, in ms. */
  gatewayMs: byRequest,
  /** CPU time of a request in PostgreSQL, in ms. */
  postgresMs: byRequest,
  /** Disk space of a row with its indexes. */
  bytes: z.strictObject({
    user: nonNegative,
    device: nonNegative,
    event: nonNegative,
    change: nonNegative,
    membership: nonNegative,
  }),
  /** WAL of a write. After a checkpoint, the first change of each page adds an image of the page. */
  walBytes: z.strictObject({ event: walRange, update: walRange }),
});

export type Costs = z.output<typeof costsSchema>;

/** A figure that depends on how many pages are changed for the first time since a checkpoint. */
interface WalRange {
  withoutPageImages: number;
  withPageImages: number;
}

/** What a deployment needs. Requests and cores are those of the peak. */
export interface Capacity {
  users: number;
  writesPerSecond: number;
  readsPerSecond: number;
  /** Primaries, by cores or by disk space, whichever needs more. Each has gateways of its own, and standbys in addition. */
  primaries: number;
  postgresCores: number;
  terabytes: number;
  gatewayCores: number;
  /** For each primary, one process per core, and one more, which can fail; at least two. */
  gatewayProcesses: number;
  connections: number;
  /** The least number of workspaces whose segments keep up. 0 without segments. */
  workspacesWithSegments: number;
  /** WAL per second at the peak, in MB. */
  walMegabytes: WalRange;
  /** WAL of a day, in TB. */
  walTerabytesPerDay: WalRange;
}

const SECONDS_PER_DAY = 86_400;
/** Connections for the command line, migrations and monitoring (docs/operating.md). */
const OTHER_CONNECTIONS = 10;

/** Requests per second at the peak. */
interface Requests {
  events: number;
  updates: number;
  reads: number;
  pages: number;
}

/** Computes what a number of users needs. */
export function capacityOf(users: number, costs: Costs): Capacity {
  const { traffic, machines, walBytes } = costs;
  const requests = requestsOf(users, traffic);
  const writesPerSecond = requests.events + requests.updates;
  const postgresCores = coresOf(requests, costs.postgresMs) / machines.utilization;
  const gatewayCores = coresOf(requests, costs.gatewayMs) / machines.utilization;
  const terabytes = terabytesOf(users, costs);
  const primaries = Math.max(
    1,
    Math.ceil(postgresCores / machines.coresPerServer),
    Math.ceil(terabytes / machines.diskUtilization / machines.terabytesPerServer),
  );
  const gatewayProcesses = primaries * Math.max(2, Math.ceil(gatewayCores / primaries) + 1);
  const hasSegments = costs.postgresMs.segmentChange + costs.gatewayMs.segmentChange > 0;
  const megabytesOf = (kind: keyof WalRange) =>
    (requests.events * walBytes.event[kind] + requests.updates * walBytes.update[kind]) / 1e6;
  const terabytesPerDayOf = (kind: keyof WalRange) =>
    (megabytesOf(kind) * SECONDS_PER_DAY) / traffic.peakToAverage / 1e6;
  return {
    users,
    writesPerSecond,
    readsPerSecond: requests.reads + requests.pages,
    primaries,
    postgresCores,
    terabytes,
    gatewayCores,
    gatewayProcesses,
    connections: gatewayProcesses * machines.poolSize + primaries * OTHER_CONNECTIONS,
    workspacesWithSegments: hasSegments ? Math.ceil(writesPerSecond / machines.changesPerSecondOfWorkspace) : 0,
    walMegabytes: mapRange(megabytesOf),
    walTerabytesPerDay: mapRange(terabytesPerDayOf),
  };
}

const mapRange = (figureOf: (kind: keyof WalRange) => number): WalRange => ({
  withoutPageImages: figureOf('withoutPageImages'),
  withPageImages: figureOf('withPageImages'),
});

function requestsOf(users: number, traffic: Costs['traffic']): Requests {
  const atPeak = (perUserDay: number) => (users * perUserDay * traffic.peakToAverage) / SECONDS_PER_DAY;
  return {
    events: atPeak(traffic.eventsPerUserDay),
    updates: atPeak(traffic.updatesPerUserDay),
    reads: atPeak(traffic.readsPerUserDay),
    pages: atPeak(traffic.pagesPerUserDay),
  };
}

/** Cores that are busy without a pause. */
function coresOf({ events, updates, reads, pages }: Requests, ms: Costs['gatewayMs']): number {
  const writes = events * (ms.event + ms.segmentChange) + updates * (ms.update + ms.segmentChange);
  return (writes + reads * ms.read + pages * ms.page) / 1_000;
}

/** Disk space of rows and indexes, in TB of 10¹² bytes. */
function terabytesOf(users: number, { traffic, storage, bytes }: Costs): number {
  const { eventsPerUserDay: events, updatesPerUserDay: updates } = traffic;
  const perUser =
    bytes.user +
    storage.devicesPerUser * bytes.device +
    storage.membershipsPerUser * bytes.membership +
    storage.eventDays * events * bytes.event +
    storage.changeDays * (events + updates) * bytes.change;
  return (users * perUser) / 1e12;
}
