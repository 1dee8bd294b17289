import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { startFaultProxy } from '../kit/fault-proxy.ts';
import { startListening } from '../kit/listening.ts';
import { OCCUPYING_HOST, ownerOf, withOccupiedSlots } from '../kit/occupied.ts';
import {
  rowGlobalId,
  seedDevices,
  seedEvents,
  seedListMembers,
  seedLists,
  seedSegmentMembers,
  seedUsers,
  tens,
} from '../kit/seed-rows.ts';
import { rootFields } from '../kit/walk-schema.ts';
import type { ClientCase, FrontendClient, MutationName, ViewName } from './frontend-client.ts';

type GatewayOptions = Parameters<typeof startListening>[0];

/** A gateway with users u10 to u70 (newest), of whom u10 has a device, events, a segment, and is a member of list 1. */
async function startGatewayWithData(options: GatewayOptions) {
  const gateway = await startListening(options);
  await seedUsers(gateway, tens(7));
  await seedDevices(gateway, [10]);
  await seedListMembers(gateway, 1, [10, 20]);
  await seedLists(gateway, [2]);
  await seedSegmentMembers(gateway, 1, [10]);
  await seedEvents(gateway, 10, [1, 2]);
  /** The status and time in ms of each response to the client, in order. */
  const responses: { status: number; at: number }[] = [];
  gateway.app.server.on('request', (request, response) => {
    if (request.headers.host === OCCUPYING_HOST) return;
    response.on('finish', () => responses.push({ status: response.statusCode, at: performance.now() }));
  });
  return {
    ...gateway,
    endpoint: { url: gateway.url, authorization: gateway.owner },
    responses,
  };
}

type Gateway = Awaited<ReturnType<typeof startGatewayWithData>>;

/** Runs `act` with a new client. */
async function withClient<Result>(
  { create }: ClientCase,
  { endpoint }: Pick<Gateway, 'endpoint'>,
  act: (client: FrontendClient) => Promise<Result>,
): Promise<Result> {
  const client = await create(endpoint);
  try {
    return await act(client);
  } finally {
    await client.stop();
  }
}

/** Runs `act` while another session is adding an event with an idempotency key, which it does not do in the end. */
async function holdingKey<Result>(
  { db, workspaceId }: Gateway,
  key: string,
  act: () => Promise<Result>,
): Promise<Result> {
  const holder = await db.pool.connect();
  try {
    await holder.query('BEGIN');
    await holder.query(
      `INSERT INTO idempotency_keys (workspace_id, key, operation, digest, made_id, created_at)
       VALUES ($1, $2, 'addEvent', '', gen_random_uuid(), now())`,
      [workspaceId, key],
    );
    return await act();
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
}

const list = rowGlobalId('List', 1);

/** Mutations that a frontend does not send: they set a workspace up, decide who receives broadcasts, or write in bulk. */
const administrative = [
  'addEvents',
  'upsertUsers',
  'exportUser',
  'deleteUsers',
  'setListSubscriptions',
  'declareAttribute',
  'undeclareAttribute',
  'createSegment',
  'updateSegment',
  'deleteSegment',
  'setSegmentSuppression',
];

/** The views that a client has cached before a mutation. */
const cachedViews = [
  ['users', {}],
  ['user', { uid: 'u10' }],
  ['user', { uid: 'u70' }],
  ['lists', {}],
  ['list', { id: list }],
] satisfies [ViewName, object][];

/** A mutation, and the views whose results it changes. */
interface MutationCase {
  name: MutationName;
  input: object;
  changes: ViewName[];
}

const mutationCases: [title: string, MutationCase][] = [
  ['createUser', { name: 'createUser', input: { uid: 'new', firstName: 'Ada' }, changes: ['users'] }],
  [
    'updateUser of a user who exists',
    {
      name: 'updateUser',
      input: { uid: 'u10', firstName: 'Ada', meta: { plan: 'pro' }, device: { token: 'new', platform: 'IOS' } },
      changes: ['users', 'user', 'list'],
    },
  ],
  [
    'updateUser that creates a user',
    { name: 'updateUser', input: { uid: 'new', firstName: 'Ada' }, changes: ['users'] },
  ],
  ['deleteUser', { name: 'deleteUser', input: { uid: 'u10' }, changes: ['users', 'user', 'list'] }],
  ['addEvent', { name: 'addEvent', input: { uid: 'u10', name: 'Paid again', value: 5 }, changes: ['user'] }],
  ['removeDevice', { name: 'removeDevice', input: { uid: 'u10', token: 'token10' }, changes: ['user'] }],
  ['createList', { name: 'createList', input: { title: 'New' }, changes: ['lists'] }],
  ['updateList', { name: 'updateList', input: { listId: list, title: 'Renamed' }, changes: ['user', 'lists', 'list'] }],
  ['archiveList', { name: 'archiveList', input: { listId: list }, changes: ['user', 'lists', 'list'] }],
  [
    'setListSubscription of a member',
    { name: 'setListSubscription', input: { uid: 'u10', listId: list, subscribed: false }, changes: ['user', 'list'] },
  ],
  [
    'setListSubscription of another user',
    { name: 'setListSubscription', input: { uid: 'u70', listId: list, subscribed: true }, changes: ['user', 'list'] },
  ],
  ['removeFromList', { name: 'removeFromList', input: { uid: 'u10', listId: list }, changes: ['user', 'list'] }],
];

interface Write {
  name: MutationName;
  input: object;
}

const createUserWrite: Write = { name: 'createUser', input: { uid: 'new', firstName: 'Ada' } };
const updateUserWrite: Write = { name: 'updateUser', input: { uid: 'new', firstName: 'Bo' } };
const deleteUserWrite: Write = { name: 'deleteUser', input: { uid: 'new' } };

/** Writes after a query has found no user with the uid `new`. */
const creations: [title: string, Write[]][] = [
  ['createUser', [createUserWrite]],
  ['updateUser', [updateUserWrite]],
  ['createUser, deleteUser and createUser', [createUserWrite, deleteUserWrite, createUserWrite]],
  ['updateUser, deleteUser and updateUser', [updateUserWrite, deleteUserWrite, updateUserWrite]],
];

const payloadOf = (name: MutationName) => `${name.charAt(0).toUpperCase()}${name.slice(1)}Payload`;

/** Writes that can be repeated: docs/idempotency.md. */
const safeWrites: Write[] = [
  { name: 'updateUser', input: { uid: 'u10', firstName: 'Ada' } },
  { name: 'removeFromList', input: { uid: 'u10', listId: list } },
  { name: 'createUser', input: { uid: 'new', idempotencyKey: 'key' } },
];

const unsafeWrites: Write[] = [
  { name: 'createUser', input: { uid: 'new' } },
  { name: 'addEvent', input: { uid: 'u10', name: 'Paid' } },
  { name: 'createList', input: { title: 'New' } },
];

/** Leaves out the cursors of the page: after an edge was added or removed, they may be those of other rows, which stay valid. */
function withoutPageCursors(name: string, value: unknown): unknown {
  return name === 'startCursor' || name === 'endCursor' ? undefined : value;
}

/** Reads all views. */
async function readViews(client: FrontendClient, from: 'server' | 'cache'): Promise<Record<string, unknown>> {
  const results: Record<string, unknown> = {};
  for (const [view, variables] of cachedViews)
    results[`${view} ${JSON.stringify(variables)}`] = await client.read(view, variables, from);
  return JSON.parse(JSON.stringify(results, withoutPageCursors));
}

const viewsChanged = (before: Record<string, unknown>, after: Record<string, unknown>) => {
  const changed = Object.keys(after).filter((view) => JSON.stringify(before[view]) !== JSON.stringify(after[view]));
  return [...new Set(changed.map((view) => view.split(' ', 1)[0]))];
};

const allUids = tens(7)
  .toReversed()
  .map((number) => `u${number}`);

/** Tests a client library against a gateway: pages, typed errors, the cache after each mutation, and retries. */
export function describeClient(client: ClientCase): void {
  describe(client.name, () => {
    const start = (options: GatewayOptions = {}) => startGatewayWithData({ ...client.gateway, ...options });

    // Clients warn about a configuration that does not match the schema.
    let warnings: MockInstance[];
    beforeEach(() => {
      warnings = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'error')];
    });
    afterEach(() => {
      const texts = warnings.flatMap(({ mock }) => mock.calls.map(String));
      expect(texts.filter((text) => !client.expectedWarnings?.test(text))).toEqual([]);
      vi.restoreAllMocks();
    });

    it('lists users', async () => {
      await using gateway = await start();
      const users = await withClient(client, gateway, ({ read }) => read('users', {}, 'server'));
      expect(users).toMatchObject({
        users: { edges: allUids.map((uid) => ({ node: { uid } })), pageInfo: { hasNextPage: false } },
      });
    });

    it('pages forward to the end', async () => {
      await using gateway = await start();
      await withClient(client, gateway, async ({ openUserList, loadNext }) => {
        const page = await openUserList({ first: 3 });
        expect(page).toMatchObject({ uids: allUids.slice(0, 3), hasNextPage: true, hasPreviousPage: false });
        expect(await loadNext()).toMatchObject({
          uids: allUids.slice(0, 5),
          hasNextPage: true,
          hasPreviousPage: false,
        });
        expect(await loadNext()).toMatchObject({ uids: allUids, hasNextPage: false, hasPreviousPage: false });
      });
    });

    it('pages backward to the start', async () => {
      await using gateway = await start();
      await withClient(client, gateway, async ({ openUserList, loadPrevious }) => {
        const page = await openUserList({ last: 3 });
        expect(page).toMatchObject({ uids: allUids.slice(-3), hasNextPage: false, hasPreviousPage: true });
        expect(await loadPrevious()).toMatchObject({ uids: allUids.slice(-5), hasPreviousPage: true });
        expect(await loadPrevious()).toMatchObject({ uids: allUids, hasNextPage: false, hasPreviousPage: false });
      });
    });

    it.runIf(client.pagesFromMiddle)('pages both ways from the middle', async () => {
      await using gateway = await start();
      const { endCursor } = await withClient(client, gateway, ({ openUserList }) => openUserList({ first: 2 }));
      await withClient(client, gateway, async ({ openUserList, loadNext, loadPrevious }) => {
        const page = await openUserList({ first: 2, after: endCursor ?? undefined });
        expect(page).toMatchObject({ uids: allUids.slice(2, 4), hasNextPage: true, hasPreviousPage: true });
        expect(await loadPrevious()).toMatchObject({
          uids: allUids.slice(0, 4),
          hasNextPage: true,
          hasPreviousPage: false,
        });
        expect(await loadNext()).toMatchObject({
          uids: allUids.slice(0, 6),
          hasNextPage: true,
          hasPreviousPage: false,
        });
      });
    });

    it('returns typed errors, which leave the cache as it was', async () => {
      await using gateway = await start();
      await withClient(client, gateway, async (frontend) => {
        const before = await readViews(frontend, 'server');
        expect(await frontend.mutate('updateUser', { uid: 'a/b', number: 'none' })).toMatchObject({
          __typename: 'ValidationError',
          code: 'VALIDATION_FAILED',
          issues: [
            { path: ['uid'], code: expect.any(String), message: expect.any(String) },
            { path: ['number'], code: expect.any(String), message: expect.any(String) },
          ],
        });
        expect(await frontend.mutate('deleteUser', { uid: 'nobody' })).toMatchObject({
          __typename: 'NotFoundError',
          code: 'NOT_FOUND',
          message: expect.any(String),
        });
        expect(await readViews(frontend, 'cache')).toEqual(before);
      });
    });

    it('has a cache case for every mutation', () => {
      const mutations = rootFields.filter(({ type }) => type.name === 'Mutation').map(({ field }) => field.name);
      expect(new Set([...mutationCases.map(([, { name }]) => name), ...administrative])).toEqual(new Set(mutations));
    });

    it.each(mutationCases)('shows the new data after %s', async (_title, { name, input, changes }) => {
      await using gateway = await start();
      await withClient(client, gateway, async (frontend) => {
        const before = await readViews(frontend, 'server');
        expect(await readViews(frontend, 'cache')).toEqual(before);
        expect(await frontend.mutate(name, input)).toMatchObject({ __typename: payloadOf(name) });
        const after = await withClient(client, gateway, (fresh) => readViews(fresh, 'server'));
        expect(viewsChanged(before, after)).toEqual(changes);
        expect(await readViews(frontend, 'cache')).toEqual(after);
      });
    });

    it.each(creations)('shows a user who was not found before %s', async (_title, writes) => {
      await using gateway = await start();
      await withClient(client, gateway, async ({ read, mutate }) => {
        const user = { uid: 'new' };
        expect(await read('user', user, 'server')).toMatchObject({ user: null });
        expect(await read('user', user, 'cache')).toMatchObject({ user: null });
        for (const [index, { name, input }] of writes.entries()) {
          expect(await mutate(name, input)).toMatchObject({ __typename: payloadOf(name) });
          const current = await withClient(client, gateway, (fresh) => fresh.read('user', user, 'server'));
          expect([index, await read('user', user, 'cache-first')]).toEqual([index, current]);
        }
      });
    });

    it('repeats a write after status 429, once retryAfter has passed', async () => {
      await using gateway = await start({ admissionLimits: { concurrentRequests: 3, failedLogins: 0 } });
      await withClient(client, gateway, async ({ mutate }) => {
        await mutate('createList', { title: 'Persisted' });
        await withOccupiedSlots(ownerOf(gateway), async (release) => {
          gateway.responses.length = 0;
          const result = mutate('createList', { title: 'Once' });
          await vi.waitFor(() => expect(gateway.responses).toMatchObject([{ status: 429 }]));
          release();
          expect(await result).toMatchObject({ __typename: 'CreateListPayload' });
        });
      });
      const [rejected, accepted, ...others] = gateway.responses;
      expect([rejected?.status, accepted?.status, others]).toEqual([429, 200, []]);
      expect(Number(accepted?.at) - Number(rejected?.at)).toBeGreaterThanOrEqual(1000);
      expect(await gateway.db.list.count({ where: { title: 'Once' } })).toBe(1);
    });

    it('repeats a write after CONFLICT', async () => {
      await using gateway = await start({ limits: { lockMs: 300 } });
      await withClient(client, gateway, async ({ mutate }) => {
        await mutate('addEvent', { uid: 'u10', name: 'Persisted' });
        gateway.responses.length = 0;
        const { result } = await holdingKey(gateway, 'key-1', async () => {
          const result = mutate('addEvent', { uid: 'u10', name: 'Paid', idempotencyKey: 'key-1' });
          await vi.waitFor(() => expect(gateway.responses).toMatchObject([{ status: 200 }]), 10_000);
          return { result };
        });
        expect(await result).toMatchObject({ __typename: 'AddEventPayload' });
      });
      const [conflict, retried] = gateway.responses;
      expect(Number(retried?.at) - Number(conflict?.at)).toBeGreaterThanOrEqual(1000);
      expect(gateway.responses).toMatchObject([{ status: 200 }, { status: 200 }]);
    });

    it('reports the error if retries do not help', async () => {
      await using gateway = await start({ admissionLimits: { concurrentRequests: 3, failedLogins: 0 } });
      await withClient(client, gateway, async ({ mutate }) => {
        await withOccupiedSlots(ownerOf(gateway), async () => {
          gateway.responses.length = 0;
          await expect(mutate('createList', { title: 'Never' })).rejects.toThrow(/concurrent requests/);
        });
      });
      expect(gateway.responses.map(({ status }) => status)).toEqual([429, 429, 429]);
      expect(await gateway.db.list.count({ where: { title: 'Never' } })).toBe(0);
    });

    it.each(safeWrites)('repeats $name after SERVICE_UNAVAILABLE: $input', async ({ name, input }) => {
      await using gateway = await start({ inFlightLimit: 1, poolSize: 1 });
      await withClient(client, gateway, async ({ mutate }) => {
        await using slot = await holdSlot(gateway);
        gateway.responses.length = 0;
        const result = mutate(name, input);
        await vi.waitFor(() => expect(gateway.responses).toMatchObject([{ status: 503 }]));
        slot.release();
        expect(await result).toMatchObject({ __typename: payloadOf(name) });
      });
    });

    it('reports SERVICE_UNAVAILABLE for a write that is not idempotent', async () => {
      await using gateway = await start({ inFlightLimit: 1, poolSize: 1 });
      await withClient(client, gateway, async ({ mutate }) => {
        await using _slot = await holdSlot(gateway);
        gateway.responses.length = 0;
        for (const { name, input } of unsafeWrites) await expect(mutate(name, input)).rejects.toThrow(/overloaded/);
      });
      expect(gateway.responses).toMatchObject(unsafeWrites.map(() => ({ status: 503 })));
    });

    it('repeats a write whose response was lost, if that is safe', async () => {
      await using gateway = await start();
      await using proxy = await startFaultProxy({ host: '127.0.0.1', port: gateway.port });
      const endpoint = { ...gateway.endpoint, url: `http://127.0.0.1:${proxy.port}/graphql` };
      await withClient(client, { endpoint }, async ({ mutate }) => {
        await mutate('addEvent', { uid: 'u10', name: 'Persisted' });
        proxy.cutAt('Unsafe', 'after');
        await expect(mutate('addEvent', { uid: 'u10', name: 'Unsafe' })).rejects.toThrow();
        expect(proxy.cuts()).toBe(1);
        proxy.cutAt('Safe', 'after');
        const result = mutate('addEvent', { uid: 'u10', name: 'Safe', idempotencyKey: 'key' });
        await vi.waitFor(() => expect(proxy.cuts()).toBe(1));
        proxy.cutAt('');
        expect(await result).toMatchObject({ __typename: 'AddEventPayload' });
      });
      const names = await gateway.db.event.groupBy({ by: 'name', _count: true, where: { name: { contains: 'afe' } } });
      expect(new Map(names.map(({ name, _count }) => [name, _count]))).toEqual(
        new Map([
          ['Safe', 1],
          ['Unsafe', 1],
        ]),
      );
    });
  });
}

/** Sends a request that occupies the only slot of the gateway until `release`. */
async function holdSlot({ db, send }: Pick<Gateway, 'db' | 'send'>) {
  // The gateway caches the key.
  await send('{ viewer { keyId } }');
  const connection = await db.pool.connect();
  let held = true;
  const release = () => {
    if (held) connection.release();
    held = false;
  };
  const answer = send('{ users { totalCount } }');
  await vi.waitFor(() => expect(db.pool.waitingCount).toBe(1));
  return {
    release,
    async [Symbol.asyncDispose]() {
      release();
      await answer;
    },
  };
}
