import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, openConnection } from './connection.ts';
import type { Outcome, Plan } from './plan.ts';

/** Maximum number of connections: an open loop needs one per in-flight request. */
const CONNECTIONS = 3_000;

/** Connections that an open loop opens in advance, as clients with keep-alive do. */
const KEPT = 2_000;

/** The interval in ms at which an open loop sends due requests. */
const TICK_MS = 5;

/** Default delay in ms of a client after a shed request. */
const PAUSE_MS = 100;

/** How long in ms to wait for responses after the end. */
const PATIENCE_MS = 10_000;

/** Sends the requests of a plan, in a separate process, so that only the gateway's time is measured. */
async function run(plan: Plan): Promise<Outcome> {
  const { host, port, load, pauseMs = PAUSE_MS } = plan;
  const requests = plan.bodies.map((body) => bytesOf(plan, body));
  const histograms = new Map<number, RecordableHistogram>();
  const idle: Connection[] = [];
  let [open, sent, unsent, answered, ends] = [0, 0, 0, 0, 0];

  function record(status: number, us: number): void {
    const histogram = histograms.get(status) ?? createHistogram();
    histograms.set(status, histogram);
    histogram.record(Math.max(1, Math.round(us)));
    answered += 1;
  }

  function connection(): Connection | undefined {
    // The connection that has been idle longest, so that none reaches the idle timeout.
    for (let found = idle.shift(); found; found = idle.shift()) {
      if (found.isOpen()) return found;
      open -= 1;
    }
    if (open === CONNECTIONS) return undefined;
    open += 1;
    return openConnection(port, host);
  }

  function send(onAnswer: (status: number | undefined) => void): void {
    const through = connection();
    const request = requests[sent % requests.length];
    if (!through || !request) {
      unsent += 1;
      return;
    }
    sent += 1;
    const begun = performance.now();
    through.send(request, (status) => {
      if (status === undefined) open -= 1;
      else {
        idle.push(through);
        record(status, (performance.now() - begun) * 1000);
      }
      onAnswer(status);
    });
  }

  if ('callers' in load) {
    ends = performance.now() + plan.seconds * 1000;
    const again = (status?: number): void => {
      if (performance.now() >= ends) return;
      if (status === 503 && pauseMs > 0) setTimeout(again, pauseMs);
      else send(again);
    };
    for (let caller = 0; caller < load.callers; caller += 1) again();
    await delay(plan.seconds * 1000);
  } else if ('bursts' in load) {
    for (let burst = 0; burst < load.bursts; burst += 1) {
      await Promise.all(Array.from({ length: load.size }, () => new Promise(send)));
    }
  } else {
    for (; open < KEPT; open += 1) {
      const kept = openConnection(port, host);
      await kept.connected;
      idle.push(kept);
    }
    const begun = performance.now();
    ends = begun + plan.seconds * 1000;
    for (let now = begun; now < ends; now = performance.now()) {
      const due = ((now - begun) / 1000) * load.perSecond;
      while (sent + unsent < due) send(() => {});
      await delay(TICK_MS);
    }
  }
  for (let waited = 0; answered < sent && waited < PATIENCE_MS; waited += 50) await delay(50);
  for (const { close } of idle) close();
  const ms = (us: number) => Math.round(us / 100) / 10;
  const answers = [...histograms].map(([status, histogram]) => [
    status,
    {
      count: histogram.count,
      p50: ms(histogram.percentile(50)),
      p99: ms(histogram.percentile(99)),
      max: ms(histogram.max),
    },
  ]);
  return { sent, unsent, lost: sent - answered, answers: Object.fromEntries(answers) };
}

function bytesOf({ host, port, authorization }: Plan, body: string): Buffer {
  const headers = [
    'POST /graphql HTTP/1.1',
    `host: ${host}:${port}`,
    `authorization: ${authorization}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${headers.join('\r\n')}\r\n\r\n${body}`);
}

process.once('message', async (plan: Plan) => {
  process.send?.(await run(plan), () => process.exit(0));
});
