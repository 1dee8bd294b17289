import { afterAll, beforeAll, expect, it } from 'vitest';
import { printFigures } from '../kit/figures.ts';
import { keepCoresBusy } from '../kit/overload/busy-cores.ts';
import { startForOverload } from '../kit/overload/gateway.ts';
import { generate } from '../kit/overload/generate.ts';

/** As many requests as `IN_FLIGHT_LIMIT` allows by default. */
const SIZE = 500;
const BURSTS = 3;
const TOTAL = SIZE * BURSTS;

/** Maximum time in ms for which the cores are kept busy. */
const BUSY_MS = 120_000;

/**
 * The default limits, except for the concurrency limit of the key, which is off, as on the embedded database; and except for
 * timeouts, which a machine with more load from other processes could reach.
 */
const limits = {
  RATE_LIMIT: '60000',
  RATE_LIMIT_PUBLIC: '6000',
  CONCURRENCY_LIMIT: '0',
  LIMIT_REQUEST_MS: '60000',
  LIMIT_STATEMENT_MS: '60000',
  LIMIT_POOL_WAIT_MS: '60000',
  LIMIT_USER_QUEUE_MS: '60000',
};

const mutation =
  '{ updateUser(input: { uid: $uid, meta: { seen: true } }) { ... on UpdateUserPayload { user { uid } } } }';

const upsert = (uid: string) => JSON.stringify({ query: `mutation ($uid: String!) ${mutation}`, variables: { uid } });

const read = (uid: string) =>
  JSON.stringify({ query: 'query ($uid: String!) { user(uid: $uid) { uid meta } }', variables: { uid } });

const page = JSON.stringify({
  query: '{ users(first: 30) { nodes { uid meta devices { platform } events(first: 5) { nodes { name } } } } }',
});

let gateway: Awaited<ReturnType<typeof startForOverload>>;

beforeAll(async () => {
  gateway = await startForOverload(limits);
}, 120_000);

afterAll(() => gateway?.[Symbol.asyncDispose]());

it.each([
  {
    what: 'reads of different users',
    bodies: Array.from({ length: SIZE }, (_, place) => read(`u${place * 10}`)),
    writes: 0,
  },
  { what: 'pages of 30 users', bodies: [page], writes: 0 },
  {
    what: 'updates of different users',
    bodies: Array.from({ length: SIZE }, (_, place) => upsert(`u${place * 10}`)),
    writes: TOTAL,
  },
  {
    what: 'upserts of new users',
    bodies: Array.from({ length: TOTAL }, (_, place) => upsert(`new-${place}`)),
    writes: TOTAL,
  },
  { what: 'upserts of one user', bodies: [upsert('one')], writes: TOTAL },
])(
  'an idle gateway serves bursts of $what while other processes keep the cores busy',
  async ({ what, bodies, writes }) => {
    const before = await gateway.db.change.count();
    await using _busy = keepCoresBusy(BUSY_MS);
    const begun = performance.now();
    const { answers, lost } = await generate({
      ...gateway.target,
      bodies,
      load: { size: SIZE, bursts: BURSTS },
      seconds: 0,
    });
    printFigures('bursts', {
      burst: `${SIZE} × ${what}`,
      bursts: BURSTS,
      answered: Object.entries(answers)
        .map(([status, { count }]) => `${status}: ${count}`)
        .join(', '),
      'p50 ms': answers['200']?.p50 ?? '-',
      'p99 ms': answers['200']?.p99 ?? '-',
      'slowest ms': answers['200']?.max ?? '-',
      seconds: Math.round((performance.now() - begun) / 100) / 10,
      lost,
    });
    expect(lost).toBe(0);
    expect(Object.fromEntries(Object.entries(answers).map(([status, { count }]) => [status, count]))).toEqual({
      200: TOTAL,
    });
    // A response with status 200 can contain an error.
    expect((await gateway.db.change.count()) - before).toBe(writes);
  },
);
