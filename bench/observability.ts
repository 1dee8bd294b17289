import { createServer, type Server } from 'node:http';
import { styleText } from 'node:util';
import type { Contestant } from './contestants/contestant.ts';
import { usergraph } from './contestants/usergraph.ts';
import { type Measurement, measure } from './measure/rounds.ts';
import { createProgress } from './report/progress.ts';
import { spreadOf } from './report/spread.ts';
import { run } from './run.ts';
import { withTestBed } from './test-bed.ts';

const OPERATIONS = ['user', 'page'] as const;

const OPTIONS = { rounds: 10, seconds: 1, warmUp: 6 };

/** Number of processes of each variant: processes with equal settings differ by several percent. */
const PROCESSES = 3;

/** Settings of a gateway that is compared. */
interface Variant {
  title: string;
  environment: Record<string, string>;
}

/** @param collector the address of a collector of traces. */
const createVariants = (collector: string): readonly [Variant, ...Variant[]] => {
  const traces = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.01',
  };
  return [
    { title: 'defaults', environment: {} },
    { title: 'without the log of slow operations', environment: { SLOW_OPERATION_MS: '0' } },
    { title: 'metrics', environment: { METRICS_PORT: '0' } },
    { title: 'metrics, and 1 % of traces', environment: { METRICS_PORT: '0', ...traces } },
  ];
};

const contestantOf = ({ title, environment }: Variant, process: number): Contestant => ({
  ...usergraph,
  name: `${title} ${process}`,
  title: `usergraph, ${title}, process ${process}`,
  environment: (settings) => ({ ...usergraph.environment(settings), ...environment }),
});

/** Starts a collector that accepts everything. It runs in the process that creates the load, so it does as little as possible. */
async function startCollector(): Promise<Server> {
  const server = createServer((request, response) => request.resume().on('end', () => response.end('{}')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

type Read = (sample: Measurement['samples'][number]) => number;

/** Compares the rounds of two variants, process by process: the median of the ratios, and its range over the processes. */
function compare(
  measurements: readonly Measurement[],
  operation: string,
  variants: [Variant, Variant],
  read: Read,
): string {
  const [base, other] = variants.map(({ title }) =>
    Array.from({ length: PROCESSES }, (_, process) => {
      const ofProcess = (each: Measurement) =>
        each.operation === operation && each.contestant === `${title} ${process}`;
      return measurements.find(ofProcess)?.samples.map(read) ?? [];
    }),
  );
  const ratios = other?.map((values, process) =>
    values.map((value, round) => value / (base?.[process]?.[round] ?? Number.NaN)),
  );
  const medians = spreadOf(ratios?.map((values) => spreadOf(values).median) ?? []);
  const all = spreadOf(ratios?.flat() ?? []);
  return `${all.median.toFixed(3)} (${medians.min.toFixed(3)} to ${medians.max.toFixed(3)})`;
}

/**
 * `npm run bench:observability`: measures what the log of slow operations, metrics and traces cost, in rounds that alternate
 * between gateways with and without them. Nobody scrapes metrics during a round.
 */
async function main(): Promise<void> {
  const progress = createProgress();
  const users = Number(process.argv[2] ?? 100_000);
  const collector = await startCollector();
  const address = collector.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const [defaults, ...variants] = createVariants(`http://127.0.0.1:${port}`);
  const contestants = Array.from({ length: PROCESSES }, (_, process) =>
    [defaults, ...variants].map((variant) => contestantOf(variant, process)),
  ).flat();
  const bed = { users, contestants, operations: OPERATIONS };
  const measurements = await withTestBed(bed, progress.show, (testBed) => measure(testBed, OPTIONS, progress.show));
  collector.close();
  progress.clear();
  process.stdout.write(
    `Times the defaults, 20 connections, median of ${PROCESSES} processes (range of their medians):\n`,
  );
  for (const operation of OPERATIONS) {
    for (const variant of variants) {
      const ratio = (read: Read) => compare(measurements, operation, [defaults, variant], read);
      const cpu = ratio((sample) => sample.serverCpu + sample.postgresCpu);
      const throughput = ratio((sample) => sample.requestsPerSecond);
      process.stdout.write(`${styleText('bold', operation)}, ${variant.title}: CPU ${cpu}, requests/s ${throughput}\n`);
    }
  }
}

run('bench:observability', main);
