import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { servedSchema } from '../../src/federation/subgraph.ts';
import { asking } from '../kit/asking.ts';
import { choicesOf } from '../kit/choices.ts';
import { atOnce } from '../kit/concurrently.ts';
import { printFigures } from '../kit/figures.ts';
import { generateOperation } from '../kit/generate-operation.ts';
import { generateRequest } from '../kit/generate-request.ts';
import { heapOptions, heldMegabytes } from '../kit/heap.ts';
import { type Production, startProduction } from '../kit/production.ts';
import { exchange, statusesIn } from '../kit/raw-http.ts';
import { residentMegabytes } from '../kit/resident.ts';
import { rowGlobalId, seedDevices, seedEvents, seedListMembers, seedSegmentMembers } from '../kit/seed-rows.ts';
import { isFullSize } from '../kit/test-size.ts';

/** Half of them in CI. */
const OPERATIONS = isFullSize ? 20_000 : 10_000;
const REQUESTS = 5_000;

/** The gateway's deadline for a request in ms, and a margin for the response. */
const DEADLINE_MS = 10_000 + 2_000;

/**
 * Maximum growth of retained memory in MB in the second half of the operations. Measured: 4 to 9, and no more from 24,000
 * operations to 64,000, since bounded caches still fill. A leak of 2 KB per operation would add 20 at full size, one of 4 KB in CI.
 */
const GROWTH_MB = 15;

/** The same for malformed requests. Measured: 0.2 to 0.4. A leak of 1 KB per request would add 2.5. */
const BROKEN_GROWTH_MB = 1;

/** Wait in ms before memory is measured, until entries with a TTL of 10 s, such as keys, have expired. */
const SETTLE_MS = 12_000;

/** Maximum resident memory of the process, in MB. */
const CEILING_MB = 700;

/** Heap limit of the gateway in MB; it crashes if it retains more. */
const HEAP_MB = 300;

/** FUZZ_SEED repeats a run. */
const seed = Number(process.env.FUZZ_SEED ?? Date.now() & 0x7fff_ffff);

/** The error codes of the contract, except server errors. */
const CODES = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'LIMIT_EXCEEDED',
]);

let gateway: Production;
beforeAll(async () => {
  gateway = await startProduction({
    RATE_LIMIT: '0',
    RATE_LIMIT_PUBLIC: '0',
    CONCURRENCY_LIMIT: '0',
    AUTH_FAILURE_LIMIT: '0',
    NODE_OPTIONS: heapOptions(HEAP_MB),
  });
  const users = [1, 2, 3, 4, 5, 6, 7, 8];
  await seedListMembers(gateway, 1, users);
  await seedSegmentMembers(gateway, 1, users);
  await seedDevices(gateway, users);
  for (const user of users) await seedEvents(gateway, user, [user * 10 + 1, user * 10 + 2]);
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** The errors that the gateway has logged. */
const complaints = () => gateway.output().match(/^.*"level":[56]0.*$/gm) ?? [];

const numbers = (count: number, offset: number) => fc.sample(fc.nat(), { seed: seed + offset, numRuns: count });

function pools() {
  const rows = (['User', 'List', 'Segment', 'Event'] as const).map((type) => rowGlobalId(type, 1));
  const known = ['u1', 'u2', 'u3', 'new1', 'a@b.example', 'token1', '+33123456789', ...rows];
  const hostile = fc.sample(fc.string({ unit: 'binary', maxLength: 300 }), { seed, numRuns: 60 });
  return {
    texts: [...Array.from({ length: 10 }, () => known).flat(), ...hostile],
    anything: fc.sample(fc.jsonValue({ maxDepth: 4 }), { seed, numRuns: 300 }),
  };
}

/** The memory that the gateway retains after half of the work and at its end, in MB. */
async function heldAfterHalves(callers: number, count: number, sendUntil: (end: number) => Promise<void>) {
  const heldAt = async (end: number) => {
    await atOnce(callers, () => sendUntil(end));
    await delay(SETTLE_MS);
    return heldMegabytes(gateway);
  };
  return { half: await heldAt(count / 2), end: await heldAt(count) };
}

/** The codes of the errors in a response, and of mutation results. */
const codesIn = (body: string) => [...body.matchAll(/"extensions":\{"code":"(\w+)"/g)].map(([, code = '']) => code);

it(`answers ${OPERATIONS} generated operations`, async () => {
  using http = asking(gateway.address, 16);
  const seeds = numbers(OPERATIONS, 0);
  const values = pools();
  const callers = [gateway.key.authorization, gateway.key.authorization, `Basic ${btoa(`${gateway.key.publicKey}:`)}`];
  const counts = new Map<string, number>();
  const faults: object[] = [];
  let [slowest, next, withData] = [0, 0, 0];

  async function sendUntil(end: number): Promise<void> {
    while (next < end && faults.length < 10) {
      const place = next++;
      const choices = choicesOf(seeds[place] ?? 0);
      const operation = generateOperation(servedSchema, choices, values);
      const { status, body, ms } = await http.graphql(choices.of(callers), operation);
      slowest = Math.max(slowest, ms);
      const codes = codesIn(body);
      for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
      if (body.startsWith('{"data":{')) withData += 1;
      const isRight = /^\{"(data|errors)":/.test(body) && status < 500 && ms < DEADLINE_MS;
      if (!isRight || codes.some((code) => !CODES.has(code)))
        faults.push({ seed: seeds[place], status, ms, body: body.slice(0, 500), operation });
    }
  }
  const started = performance.now();
  const held = await heldAfterHalves(16, OPERATIONS, sendUntil);
  const resident = residentMegabytes(gateway.pid);
  printFigures('fuzz', {
    seed,
    operations: next,
    'with data': withData,
    'slowest ms': Math.round(slowest),
    seconds: Math.round((performance.now() - started) / 1000),
    'resident MB': resident,
    'retained MB after half': held.half.toFixed(1),
    'retained MB at the end': held.end.toFixed(1),
    codes: [...counts].map(([code, count]) => `${code} ${count}`).join(', '),
  });
  expect(faults).toEqual([]);
  expect(complaints()).toEqual([]);
  expect(next).toBe(OPERATIONS);
  // Otherwise the suite would test rejections only.
  expect(withData).toBeGreaterThan(OPERATIONS / 5);
  expect(held.end - held.half).toBeLessThan(GROWTH_MB);
  expect(resident).toBeLessThan(CEILING_MB);
});

it(`survives ${REQUESTS} malformed HTTP requests`, async () => {
  const seeds = numbers(REQUESTS, 1);
  const statuses = new Map<number, number>();
  const faults: object[] = [];
  let [slowest, next] = [0, 0];

  async function sendUntil(end: number): Promise<void> {
    while (next < end && faults.length < 10) {
      const place = next++;
      const bytes = generateRequest(choicesOf(seeds[place] ?? 0), gateway.key.authorization);
      const { text, ms, closed } = await exchange(gateway.address, bytes, DEADLINE_MS);
      slowest = Math.max(slowest, ms);
      const answered = statusesIn(text);
      for (const status of answered) statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (!closed || answered.some((status) => status >= 500) || text.includes('INTERNAL_SERVER_ERROR')) {
        faults.push({
          seed: seeds[place],
          ms,
          closed,
          text: text.slice(0, 500),
          sent: bytes.toString('latin1').slice(0, 1_000),
        });
      }
    }
  }
  const started = performance.now();
  const held = await heldAfterHalves(20, REQUESTS, sendUntil);
  printFigures('fuzz', {
    seed,
    requests: next,
    'slowest ms': Math.round(slowest),
    seconds: Math.round((performance.now() - started) / 1000),
    'retained MB after half': held.half.toFixed(1),
    'retained MB at the end': held.end.toFixed(1),
    statuses: [...statuses]
      .sort()
      .map(([status, count]) => `${status} ${count}`)
      .join(', '),
  });
  expect(faults).toEqual([]);
  expect(complaints()).toEqual([]);
  expect(next).toBe(REQUESTS);
  expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 401, 404, 415]));
  expect(held.end - held.half).toBeLessThan(BROKEN_GROWTH_MB);
  using http = asking(gateway.address);
  expect((await http.ask('/health/ready')).status).toBe(200);
});
