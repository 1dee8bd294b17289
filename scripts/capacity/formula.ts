import { z } from 'zod';

const positive = z.number().positive();
const nonNegative = z.number().nonnegative();

const byRequest = z.strictObject({
  event: nonNegative,
  update: nonNegative,
  read: nonNegative,
  page: nonNegative,
  /** What segments add to each write. 0 without segments. */
  segmentChange: nonNegative,
});

const walRange = z
  .strictObject({ least: nonNegative, most: nonNegative })
  .refine(({ least, most }) => least <= most, { error: 'least must not exceed most' });

/** What a deployment is asked to do, and what each part of that costs. docs/capacity.md says where the figures come from. */
export const costsSchema = z.strictObject({
  traffic: z.strictObject({
    eventsPerUserDay: nonNegative,
    updatesPerUserDay: nonNegative,
    readsPerUserDay: nonNegative,
    pagesPerUserDay: nonNegative,
    /** Requests per second in the busiest minute, divided by the average of the day. */
    peakToAverage: z.number().min(1),
  }),
  storage: z.strictObject({
    /** How many days events are kept. */
    eventDays: positive,
    /** How many days the log of changes is kept. */
    changeDays: positive,
    membershipsPerUser: nonNegative,
    devicesPerUser: nonNegative,
  }),
  machines: z.strictObject({
    /** The share of a core that is used at the peak. The rest leaves room for short peaks. */
    utilization: z.number().positive().max(1),
    coresPerServer: positive,
    terabytesPerServer: positive,
    /** `POOL_SIZE`: connections of each process. */
    poolSize: z.int().positive(),
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
  /**
   * WAL of a write: `least` if all pages that it changes have been changed since the last checkpoint, `most` if none has been, so
   * that the WAL contains an image of each page.
   */
  walBytes: z.strictObject({ event: walRange, update: walRange }),
});

export type Costs = z.output<typeof costsSchema>;

/** What a deployment needs. Requests and cores are those of the peak. */
export interface Capacity {
  users: number;
  writesPerSecond: number;
  readsPerSecond: number;
  gatewayCores: number;
  /** One process per core that the sum requires, and one more, which can fail; at least two. */
  gatewayProcesses: number;
  connections: number;
  postgresCores: number;
  terabytes: number;
  /** WAL per second at the peak, in MB. */
  walMegabytes: { least: number; most: number };
  /** Primaries, by cores or by disk space, whichever needs more; each has its standbys in addition. */
  servers: number;
}

const SECONDS_PER_DAY = 86_400;
/** Connections for the command line, migrations and monitoring (docs/operating.md). */
const OTHER_CONNECTIONS = 10;

/** Computes what a number of users needs. */
export function capacityOf(users: number, costs: Costs): Capacity {
  const { traffic, machines } = costs;
  const atPeak = (perUserDay: number) => (users * perUserDay * traffic.peakToAverage) / SECONDS_PER_DAY;
  const events = atPeak(traffic.eventsPerUserDay);
  const updates = atPeak(traffic.updatesPerUserDay);
  const reads = atPeak(traffic.readsPerUserDay);
  const pages = atPeak(traffic.pagesPerUserDay);
  const coresFor = ({ event, update, read, page, segmentChange }: Costs['gatewayMs']) => {
    const writes = events * (event + segmentChange) + updates * (update + segmentChange);
    return (writes + reads * read + pages * page) / 1_000 / machines.utilization;
  };
  const walOf = (bound: 'least' | 'most') =>
    (events * costs.walBytes.event[bound] + updates * costs.walBytes.update[bound]) / 1e6;
  const gatewayCores = coresFor(costs.gatewayMs);
  const gatewayProcesses = Math.max(2, Math.ceil(gatewayCores) + 1);
  const postgresCores = coresFor(costs.postgresMs);
  const terabytes = terabytesOf(users, costs);
  return {
    users,
    writesPerSecond: events + updates,
    readsPerSecond: reads + pages,
    gatewayCores,
    gatewayProcesses,
    connections: gatewayProcesses * machines.poolSize + OTHER_CONNECTIONS,
    postgresCores,
    terabytes,
    walMegabytes: { least: walOf('least'), most: walOf('most') },
    servers: Math.ceil(Math.max(postgresCores / machines.coresPerServer, terabytes / machines.terabytesPerServer)),
  };
}

/** Disk space, in TB of 10¹² bytes. */
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
