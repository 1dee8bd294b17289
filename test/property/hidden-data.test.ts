import fc from 'fast-check';
import type { InjectOptions } from 'fastify';
import { expect, it } from 'vitest';
import { startApp, type Tenant } from '../kit/app.ts';
import { addUser } from '../kit/factories.ts';
import { casesOf, isFullSize } from '../kit/test-size.ts';

// Non-interference: two users with the same uid, in different workspaces, receive the same requests with the public key, while
// backends store different data. Every response has to be the same. What a public key can learn according to
// docs/production.md is the same for both: whether the user exists, their email address, and which attributes were removed.

type Gateway = Awaited<ReturnType<typeof startApp>>;
type Meta = Record<string, string | number | boolean>;

const KEYS = 150;

const keyRange = fc
  .record({ start: fc.nat(KEYS - 1), count: fc.integer({ min: 20, max: 60 }), value: fc.integer({ min: 0, max: 2 }) })
  .map(
    ({ start, count, value }): Meta =>
      Object.fromEntries(Array.from({ length: count }, (_, place) => [`k${(start + place) % KEYS}`, value])),
  );

const longText = fc
  .record({ name: fc.constantFrom('k0', 'k1', 'k2', 'text'), length: fc.integer({ min: 3000, max: 9000 }) })
  .map(({ name, length }): Meta => ({ [name]: 'x'.repeat(length) }));

const meta = fc.oneof({ weight: 3, arbitrary: keyRange }, { weight: 2, arbitrary: longText });
const key = fc.nat(KEYS - 1).map((place) => `k${place}`);
const removeMeta = fc.array(key, { maxLength: 20 });
const token = fc.constantFrom('t0', 't1', 't2');

/** Requests with the public key, through either API. */
const publicRequest = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(...(['updateUser', 'updateUser', 'updateUser', 'PUT', 'PUT', 'POST'] as const)),
      input: fc.record(
        {
          meta: fc.option(meta, { freq: 20 }),
          // Few: an input that sets and removes the same key is invalid.
          removeMeta: fc.array(key, { maxLength: 2 }),
          firstName: fc.constantFrom('Ada', null),
          device: token.map((name) => ({ token: name, platform: 'IOS' })),
          email: fc.constant('ada@example.com'),
        },
        { requiredKeys: ['meta'] },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('removeDevice' as const, 'DELETE' as const), token }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replay' as const) }) },
);

/** Data that a backend stores. */
const stored = fc.record(
  {
    meta,
    firstName: fc.constantFrom('Hidden', 'Other'),
    number: fc.constant('+2348012345678'),
    createdAt: fc.constantFrom('2001-01-01T00:00:00Z', '2002-01-01T00:00:00Z'),
    device: token.map((name) => ({ token: name, platform: 'ANDROID' })),
  },
  { requiredKeys: [] },
);
const nothing = fc.constant({});

const step = fc.oneof(
  { weight: 6, arbitrary: publicRequest },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('stored' as const),
      first: fc.oneof(stored, nothing),
      second: fc.oneof(stored, nothing),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('removed' as const), removeMeta }) },
);

type PublicRequest = typeof publicRequest extends fc.Arbitrary<infer Request> ? Request : never;
type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never;

const update = `mutation ($input: UpdateUserInput!) { updateUser(input: $input) { __typename
  ... on UpdateUserPayload { created user { uid } }
  ... on Error { code message } ... on ValidationError { issues { path code message } } } }`;
const removal = `mutation ($input: RemoveDeviceInput!) { removeDevice(input: $input) { __typename
  ... on RemoveDevicePayload { removedToken } ... on Error { code message } } }`;

const mutation = (query: string, input: object): InjectOptions => ({
  method: 'POST',
  url: '/graphql',
  payload: { query, variables: { input } },
});

type Input = Extract<PublicRequest, { input: object }>['input'];

const restBody = ({ firstName, device, email, meta: attributes }: Input) => ({
  first_name: firstName,
  email,
  meta: attributes,
  ...(device ? { device_token: device.token, device_platform: 'ios' } : {}),
  created_at: '2021-01-12',
});

function toHttp(uid: string, request: PublicRequest): InjectOptions {
  switch (request.kind) {
    case 'updateUser':
      return mutation(update, { uid, ...request.input });
    case 'PUT':
      return { method: 'PUT', url: `/v1/users/${uid}`, payload: restBody(request.input) };
    case 'POST':
      return { method: 'POST', url: '/v1/users', payload: { id: uid, ...restBody(request.input) } };
    case 'removeDevice':
      return mutation(removal, { uid, token: request.token });
    case 'DELETE':
      return { method: 'DELETE', url: `/v1/users/${uid}/tokens/${request.token}` };
    case 'replay':
      return {
        method: 'POST',
        url: '/v1/users',
        payload: { id: `${uid}replay`, first_name: null, created_at: null, device_token: 't3', device_platform: 'ios' },
        headers: { 'idempotency-key': uid },
      };
  }
}

async function answerTo({ app }: Gateway, { publicKey }: Tenant, uid: string, request: PublicRequest) {
  const sent = toHttp(uid, request);
  const response = await app.inject({ ...sent, headers: { ...sent.headers, authorization: publicKey } });
  return { status: response.statusCode, body: response.json() };
}

const sends = (attributes: Meta) => ({ kind: 'updateUser' as const, input: { meta: attributes } });
const numbered = (from: number, count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, place) => [`k${from + place}`, 1]));

/** An example that reaches both limits of attributes: one user has hidden attributes close to them, the other has none. */
const reachesLimits: [{ exists: boolean; first: Meta; second: Meta }, Step[]] = [
  { exists: true, first: { ...numbered(50, 99), text: 'x'.repeat(15_000) }, second: {} },
  [
    sends(numbered(0, 60)),
    sends(numbered(60, 40)),
    sends(numbered(100, 1)),
    sends({ k0: 'x'.repeat(9000) }),
    sends({ k1: 'x'.repeat(9000) }),
    { kind: 'POST', input: { meta: {} } },
  ],
];

const startsUser = new Set<string>(['updateUser', 'PUT', 'POST']);

it('gives a public key the same responses, whatever backends have stored', { timeout: 180_000 }, async () => {
  await using app = await startApp();
  const places = [app, { ...app.stranger, db: app.db }] as const;
  const seen = new Set<string>();
  let runs = 0;

  const property = fc.asyncProperty(
    fc.record({ exists: fc.boolean(), first: meta, second: fc.oneof(meta, nothing) }),
    fc.array(step, { minLength: 8, maxLength: 14, size: 'max' }),
    async ({ exists, ...hidden }, steps) => {
      runs += 1;
      const uid = `u${runs}`;
      const store = (tenant: Tenant, input: object) =>
        Promise.all(
          [uid, `${uid}replay`].map((each) => app.send(update, { input: { uid: each, ...input } }, tenant.owner)),
        );
      if (exists) {
        await addUser(places[0], { uid, meta: hidden.first });
        await addUser(places[1], { uid, meta: hidden.second });
      }
      let started = exists;
      for (const each of steps) {
        if (each.kind === 'stored' || each.kind === 'removed') {
          const [first, second] =
            each.kind === 'stored'
              ? [each.first, each.second]
              : [{ removeMeta: each.removeMeta }, { removeMeta: each.removeMeta }];
          if (started) await Promise.all([store(places[0], first), store(places[1], second)]);
          continue;
        }
        const [one, other] = await Promise.all(places.map((place) => answerTo(app, place, uid, each)));
        expect(other).toEqual(one);
        seen.add(JSON.stringify(one).match(/TOO_MANY|TOO_LARGE|UID_TAKEN|NOT_FOUND/)?.[0] ?? 'OK');
        started ||= startsUser.has(each.kind);
      }
      for (const { workspaceId } of places) {
        const row = await app.db.user.findFirst({ where: { workspaceId, uid } });
        expect(Object.keys(row?.meta ?? {}).length).toBeLessThanOrEqual(200);
        expect(Buffer.byteLength(JSON.stringify(row?.meta ?? {}))).toBeLessThanOrEqual(32 * 1024);
      }
    },
  );

  await fc.assert(property, {
    numRuns: casesOf(60),
    examples: [reachesLimits],
    interruptAfterTimeLimit: 150_000,
    markInterruptAsFailure: true,
  });
  if (isFullSize) expect([...seen].sort()).toEqual(['OK', 'TOO_LARGE', 'TOO_MANY', 'UID_TAKEN']);
});
