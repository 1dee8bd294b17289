import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printFigures } from '../kit/figures.ts';
import { startForOverload } from '../kit/overload/gateway.ts';
import { generate } from '../kit/overload/generate.ts';
import type { Outcome } from '../kit/overload/plan.ts';
import { isFullSize } from '../kit/test-size.ts';

/** Connections of the tenant that reads, and the duration of each measurement in seconds. */
const READERS = 10;
const SECONDS = isFullSize ? 5 : 3;

/** The least part of its fair share that a tenant keeps during a flood. The fair share is half of its throughput on an idle gateway. */
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

/** Bodies of 640 KB, whose parsing takes about as long as allowed. */
const largeBody = JSON.stringify({ query: '{ viewer { keyId } }', variables: { numbers: Array(160_000).fill(1.5) } });

/** Documents that are each sent once, so that all are parsed and validated. */
const newDocuments = Array.from({ length: 20_000 }, (_, place) =>
  JSON.stringify({ query: `{ viewer { ${'keyId '.repeat(300)} a${place}: keyId } }` }),
);

/** The default limits, and a gateway without rate limits, where only fair shares limit a tenant. */
const limits = {
  // Except for the tenant that reads: it would use up its points within seconds on an idle gateway.
  'with the default limits': { RATE_LIMIT: '0', RATE_LIMIT_PUBLIC: '6000', CONCURRENCY_LIMIT: '100' },
  'without rate limits': { RATE_LIMIT: '0', RATE_LIMIT_PUBLIC: '0', CONCURRENCY_LIMIT: '100' },
};

/** The limits of the flooding key: with its secret, ten times the default. */
const keyLimits = { 'with the default limits': { rateLimit: 60_000 }, 'without rate limits': {} };

const names = ['with the default limits', 'without rate limits'] as const;

const perSecond = (outcome: Outcome) => Math.round((outcome.answers['200']?.count ?? 0) / SECONDS);

describe.each(names)('A tenant during a flood by another tenant, %s,', (name) => {
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
    'keeps its share during $callers connections with $what',
    async ({ callers, credential, bodies, what, part }) => {
      const { host, port } = gateway.target;
      // A tenant with its own rate-limit points.
      const flooder = await gateway.createTenant(`Flooder with ${what}`, keyLimits[name]);
      const authorization = flooder[credential];
      // The reader's connections are already open: the operating system queues new connections of all tenants alike.
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
        'reads/s, idle': quiet,
        'reads/s, flooded': perSecond(victim),
        'of the fair share': `${Math.round((perSecond(victim) / quiet) * 200)} %`,
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
