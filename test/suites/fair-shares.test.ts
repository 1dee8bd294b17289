import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printFigures } from '../kit/figures.ts';
import { startForOverload } from '../kit/overload/gateway.ts';
import { generate } from '../kit/overload/generate.ts';
import type { Outcome } from '../kit/overload/plan.ts';

/** Connections of the tenant that reads, and how long in seconds each measurement takes. */
const READERS = 10;
const SECONDS = 5;

/** Least part of the fair half, which is half of its throughput on a quiet gateway, that a tenant keeps beside a flood. */
const LEAST = { 'with the default limits': 0.9, 'without rate limits': 0.5 } as const;

const read = (uid: string) =>
  JSON.stringify({ query: '{ user(uid: "UID") { uid email meta devices { platform } } }'.replace('UID', uid) });

const update = JSON.stringify({
  query:
    'mutation { updateUser(input: { uid: "u1", meta: { seen: true } }) { ... on UpdateUserPayload { user { uid } } } }',
});

const page = JSON.stringify({
  query: '{ users(first: 30) { nodes { uid meta devices { platform } events(first: 5) { nodes { name } } } } }',
});

/** Bodies of 640 KB, which take about as long to parse as a body may. */
const largeBody = JSON.stringify({ query: '{ viewer { keyId } }', variables: { numbers: Array(160_000).fill(1.5) } });

/** Documents that are each sent once: all have to be parsed and validated. */
const newDocuments = Array.from({ length: 20_000 }, (_, place) =>
  JSON.stringify({ query: `{ viewer { ${'keyId '.repeat(300)} a${place}: keyId } }` }),
);

/** As it is shipped; and without rate limits, so that nothing but the shares holds a tenant back. */
const limits = {
  // But for the tenant that reads, which would spend its points in a few seconds on a quiet gateway.
  'with the default limits': { RATE_LIMIT: '0', RATE_LIMIT_PUBLIC: '6000', CONCURRENCY_LIMIT: '100' },
  'without rate limits': { RATE_LIMIT: '0', RATE_LIMIT_PUBLIC: '0', CONCURRENCY_LIMIT: '100' },
};

/** Those of the flood's key: with its secret, ten times the default. */
const keyLimits = { 'with the default limits': { rateLimit: 60_000 }, 'without rate limits': {} };

const names = ['with the default limits', 'without rate limits'] as const;

const perSecond = (outcome: Outcome) => Math.round((outcome.answers['200']?.count ?? 0) / SECONDS);

describe.each(names)('A tenant that another one floods, %s,', (name) => {
  let gateway: Awaited<ReturnType<typeof startForOverload>>;
  let quiet = 0;

  const readers = () => {
    const bodies = Array.from({ length: 200 }, (_, place) => read(`u${(place + 1) * 10}`));
    return generate({ ...gateway.target, bodies, load: { callers: READERS }, seconds: SECONDS });
  };

  beforeAll(async () => {
    gateway = await startForOverload(limits[name]);
    await readers();
    quiet = perSecond(await readers());
  }, 120_000);

  afterAll(() => gateway?.[Symbol.asyncDispose]());

  it.each([
    { callers: 60, credential: 'publicKey', bodies: [update], what: 'updates of one user', part: 1 },
    { callers: 200, credential: 'publicKey', bodies: [update], what: 'updates of one user', part: 1 },
    { callers: 200, credential: 'secret', bodies: [page], what: 'pages', part: 0.8 },
    { callers: 60, credential: 'publicKey', bodies: [largeBody], what: 'bodies of 640 KB', part: 0.4 },
    { callers: 200, credential: 'publicKey', bodies: newDocuments, what: 'new documents', part: 0.8 },
  ] as const)(
    'keeps its share beside $callers connections with $what',
    async ({ callers, credential, bodies, what, part }) => {
      const { host, port } = gateway.target;
      // With points of its own.
      const flooder = await gateway.createTenant(`Flooder with ${what}`, keyLimits[name]);
      const authorization = flooder[credential];
      // Its connections are open by then: the system queues new ones, whosever they are.
      const reading = readers();
      await delay(500);
      const flooding = generate({
        ...{ host, port, authorization, bodies: [...bodies], pauseMs: 0 },
        load: { callers },
        seconds: SECONDS,
      });
      const victim = await reading;
      const flood = await flooding;
      printFigures('fair shares', {
        limits: name,
        flood: `${callers} × ${what}`,
        'reads a second, quiet': quiet,
        'reads a second, flooded': perSecond(victim),
        'of the fair half': `${Math.round((perSecond(victim) / quiet) * 200)} %`,
        'p50 ms': victim.answers['200']?.p50 ?? '-',
        'p99 ms': victim.answers['200']?.p99 ?? '-',
        'slowest ms': victim.answers['200']?.max ?? '-',
        'flood answered': Object.entries(flood.answers)
          .map(([status, { count }]) => `${status}: ${count}`)
          .join(', '),
      });
      expect(Object.keys(victim.answers)).toEqual(['200']);
      expect(victim.lost).toBe(0);
      expect(perSecond(victim)).toBeGreaterThan((quiet / 2) * LEAST[name] * part);
    },
  );
});
