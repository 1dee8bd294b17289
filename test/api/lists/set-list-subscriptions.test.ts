import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../../src/graphql/schema/global-id.ts';
import type { SetListSubscriptionsInput } from '../../generated/graphql.ts';
import { startApp } from '../../kit/app.ts';
import { addList, addToList, addUser } from '../../kit/factories.ts';
import { SetListSubscriptions } from '../../kit/operations/lists.ts';
import { UpsertUsers } from '../../kit/operations/users.ts';

const app = await startApp({ ownDatabase: true });
afterAll(() => app[Symbol.asyncDispose]());

let news: Awaited<ReturnType<typeof addList>>;
let offers: typeof news;
let archived: typeof news;
let ada: Awaited<ReturnType<typeof addUser>>;

beforeEach(async () => {
  await app.db.user.deleteMany();
  await app.db.list.deleteMany();
  await app.db.change.deleteMany();
  news = await addList(app, { title: 'News' });
  offers = await addList(app, { title: 'Offers' });
  archived = await addList(app, { title: 'Archived', archivedAt: new Date() });
  ada = await addUser(app, { uid: 'ada' });
  await addUser(app, { uid: 'bob' });
});

type Input = Partial<SetListSubscriptionsInput> & Pick<SetListSubscriptionsInput, 'subscriptions'>;

/** The results of the subscriptions, as `title: subscribed` or as a code and its resource, and all that was returned. */
async function setListSubscriptions(input: Input) {
  const { setListSubscriptions: payload } = await app.run(SetListSubscriptions, {
    input: { errorPolicy: 'REJECT_ALL', ...input },
  });
  if (payload.__typename !== 'SetListSubscriptionsPayload') throw new Error(`${payload.code}: ${payload.message}`);
  const { items, setCount, failedCount } = payload;
  expect(items.map(({ index }) => index)).toEqual(input.subscriptions.map((_, index) => index));
  const results = items.map(({ result }) => {
    if ('membership' in result) return `${result.membership.list.title}: ${result.membership.subscribed}`;
    return 'resource' in result ? `${result.code} ${result.resource}` : result.code;
  });
  return { results, items, setCount, failedCount };
}

const stored = async () => {
  const memberships = await app.db.listMembership.findMany({ include: { user: true, list: true } });
  return memberships.map(({ user, list, subscribed }) => `${user.uid} ${list.title}: ${subscribed}`).sort();
};

const changes = async () =>
  (await app.db.change.findMany({ orderBy: { seq: 'asc' } })).map(({ action, userId, listId }) => ({
    action,
    userId,
    listId,
  }));

const set = (uid: string, { globalId: listId }: { globalId: string }, subscribed = true) => ({
  uid,
  listId,
  subscribed,
});

it('subscribes and unsubscribes several users, in the order of the inputs, each with its change', async () => {
  await addToList(app, offers, ada);
  const { results, setCount, failedCount, items } = await setListSubscriptions({
    subscriptions: [set('bob', news), set('ada', offers, false), set('ada', news)],
  });
  expect({ results, setCount, failedCount }).toEqual({
    results: ['News: true', 'Offers: false', 'News: true'],
    setCount: 3,
    failedCount: 0,
  });
  expect(await stored()).toEqual(['ada News: true', 'ada Offers: false', 'bob News: true']);
  expect(await changes()).toMatchObject([
    { action: 'subscribeToList', listId: news.id },
    { action: 'unsubscribeFromList', listId: offers.id, userId: ada.id },
    { action: 'subscribeToList', listId: news.id, userId: ada.id },
  ]);
  const joinedAt = items.map(({ result }) => ('membership' in result ? result.membership.joinedAt : ''));
  const member = await app.db.listMembership.findFirstOrThrow({ where: { userId: ada.id, listId: offers.id } });
  expect(new Date(joinedAt[1] ?? '')).toEqual(member.joinedAt);
});

it('sets several subscriptions of one user to the same list in order', async () => {
  const { results } = await setListSubscriptions({
    subscriptions: [
      set('ada', news, false),
      set('ada', news),
      set('ada', news, false),
      set('bob', news),
      set('ada', news),
      set('ada', news, false),
    ],
    errorPolicy: 'SKIP_FAILED',
  });
  expect(results).toEqual([
    'NOT_FOUND ListMembership',
    'News: true',
    'News: false',
    'News: true',
    'News: true',
    'News: false',
  ]);
  expect(await stored()).toEqual(['ada News: false', 'bob News: true']);
  const actions = (await changes()).filter(({ userId }) => userId === ada.id).map(({ action }) => action);
  const [subscribe, unsubscribe] = ['subscribeToList', 'unsubscribeFromList'];
  expect(actions).toEqual([subscribe, unsubscribe, subscribe, unsubscribe]);
});

it('keeps members of archived lists, but adds none', async () => {
  await addToList(app, archived, ada, false);
  const { results, items } = await setListSubscriptions({
    subscriptions: [set('ada', archived), set('bob', archived), set('bob', archived, false)],
    errorPolicy: 'SKIP_FAILED',
  });
  expect(results).toEqual(['Archived: true', 'LIST_ARCHIVED', 'NOT_FOUND ListMembership']);
  expect(items[1]?.result).toMatchObject({ listId: archived.globalId });
  expect(await stored()).toEqual(['ada Archived: true']);
});

const unknownList = { globalId: encodeGlobalId('List', '0190a000-0000-7000-8000-000000000000') };
const nonsense = { globalId: 'nonsense' };

const mixed = () => [
  set('ada', news),
  set('nobody', news),
  set('ada', unknownList),
  set('a/b', nonsense),
  set('bob', news, false),
  set('bob', archived),
  set('bob', offers),
];

const failures = [
  'NOT_FOUND User',
  'NOT_FOUND List',
  'VALIDATION_FAILED',
  'NOT_FOUND ListMembership',
  'LIST_ARCHIVED',
] as const;

it('sets all others with SKIP_FAILED', async () => {
  const { results, items, setCount, failedCount } = await setListSubscriptions({
    subscriptions: mixed(),
    errorPolicy: 'SKIP_FAILED',
  });
  expect(results).toEqual(['News: true', ...failures, 'Offers: true']);
  expect({ setCount, failedCount }).toEqual({ setCount: 2, failedCount: 5 });
  expect(items[3]?.result).toMatchObject({
    issues: [
      { path: ['uid'], code: 'INVALID_UID' },
      { path: ['listId'], code: 'INVALID_ID' },
    ],
  });
  expect(await stored()).toEqual(['ada News: true', 'bob Offers: true']);
  expect(await changes()).toHaveLength(2);
});

it('sets none with REJECT_ALL if one fails, and reports every failure', async () => {
  expect(await setListSubscriptions({ subscriptions: mixed() })).toMatchObject({
    results: ['BATCH_REJECTED', ...failures, 'BATCH_REJECTED'],
    setCount: 0,
    failedCount: 7,
  });
  expect(await stored()).toEqual([]);
  expect(await changes()).toEqual([]);
});

it.each([
  ['an invalid uid', { uid: 'a/b' }, ['uid']],
  ['an empty uid', { uid: '' }, ['uid']],
  ['a uid with a null character', { uid: '\u0000' }, ['uid']],
  ['a uid with half a character', { uid: '\uD800' }, ['uid']],
  ['an invalid id', { listId: 'nonsense' }, ['listId']],
  ['an empty id', { listId: '' }, ['listId']],
  ['the id of another type', { listId: encodeGlobalId('User', '0190a000-0000-7000-8000-000000000000') }, ['listId']],
])('rejects %s alone', async (_case, fault, path) => {
  const { results, items } = await setListSubscriptions({
    subscriptions: [{ ...set('ada', news), ...fault }, set('ada', news)],
    errorPolicy: 'SKIP_FAILED',
  });
  expect(results).toEqual(['VALIDATION_FAILED', 'News: true']);
  expect(items[0]?.result).toMatchObject({ issues: [{ path }] });
});

it('accepts no subscriptions', async () => {
  expect(await setListSubscriptions({ subscriptions: [] })).toMatchObject({ items: [], setCount: 0, failedCount: 0 });
});

it('sees no user and no list of another workspace', async () => {
  const stranger = { ...app.stranger, db: app.db };
  const foreign = await addList(stranger);
  const member = await addUser(stranger, { uid: 'eve' });
  await addToList(stranger, foreign, member);
  const { results } = await setListSubscriptions({
    subscriptions: [set('eve', news), set('ada', foreign), set('eve', foreign, false)],
    errorPolicy: 'SKIP_FAILED',
  });
  expect(results).toEqual(['NOT_FOUND User', 'NOT_FOUND List', 'NOT_FOUND List']);
  expect(await stored()).toEqual(['eve News: true']);
});

it('sends the same number of statements for 2 subscriptions and for 1,000', async () => {
  const uids = Array.from({ length: 500 }, (_, place) => `u${place}`);
  await app.run(UpsertUsers, { input: { users: uids.map((uid) => ({ uid })), errorPolicy: 'REJECT_ALL' } });
  const counts: number[] = [];
  for (const length of [1, 500]) {
    const subscriptions = uids.slice(0, length).flatMap((uid) => [set(uid, news), set(uid, offers)]);
    const statements = await app.statementsOf(async () => {
      expect(await setListSubscriptions({ subscriptions })).toMatchObject({ setCount: 2 * length });
    });
    counts.push(statements.length);
  }
  expect(counts).toEqual([6, 6]);
});

it('returns users and edges with one statement each', async () => {
  const subscriptions = [set('ada', news), set('bob', news)];
  const statements = await app.statementsOf(async () => {
    const { data } = await app.send(
      `mutation ($input: SetListSubscriptionsInput!) { setListSubscriptions(input: $input) {
        ... on SetListSubscriptionsPayload { items { result {
          ... on SetListSubscriptionPayload { user { uid email } list { title } edge { cursor node { firstName } } }
        } } }
      } }`,
      { input: { subscriptions } },
    );
    const results = ['ada', 'bob'].map((uid) => ({ result: { user: { uid }, list: { title: 'News' } } }));
    expect(data).toMatchObject({ setListSubscriptions: { items: results } });
  });
  expect(statements).toHaveLength(7);
});

it('is forbidden for the public key', async () => {
  const document = `mutation ($input: SetListSubscriptionsInput!) { setListSubscriptions(input: $input) { __typename } }`;
  const input = { subscriptions: [set('ada', news)] };
  expect(await app.send(document, { input }, app.publicKey)).toMatchObject({
    errors: [{ extensions: { code: 'FORBIDDEN', requiredScopes: ['lists:write'] } }],
  });
  expect(await stored()).toEqual([]);
});

describe.each([true, false])('limits, executed directly: %s', (executeDirectly) => {
  it('of subscriptions, points and complexity', async () => {
    await using limited = await startApp({
      executeDirectly,
      limits: { bulkSubscriptions: 20, inputItems: 5, complexity: 20 },
      rateLimits: { secret: 30, publicKey: 30 },
    });
    const subscriptions = (length: number) => Array.from({ length }, (_, place) => set(`u${place}`, unknownList));
    const selecting = (selection: string) => `mutation ($input: SetListSubscriptionsInput!) {
      setListSubscriptions(input: $input) { ... on SetListSubscriptionsPayload { items { index result {
        ... on SetListSubscriptionPayload { ${selection} } } } } } }`;
    const withMembership = selecting('membership { subscribed }');
    const { headers, errors } = await limited.send(withMembership, { input: { subscriptions: subscriptions(20) } });
    expect(errors).toBeUndefined();
    expect(headers['ratelimit-remaining']).toBe('9');
    const ofList = `mutation ($subscriptions: [SetListSubscriptionInput!]!) {
      setListSubscriptions(input: { subscriptions: $subscriptions }) { __typename } }`;
    for (const response of [
      await limited.send(withMembership, { input: { subscriptions: subscriptions(21) } }),
      await limited.send(ofList, { subscriptions: subscriptions(21) }),
    ]) {
      expect(response.errors?.[0]?.extensions).toMatchObject({
        code: 'BAD_USER_INPUT',
        issues: [{ code: 'TOO_MANY' }],
      });
    }
    const withUsers = selecting('membership { subscribed } user { email }');
    expect(
      (await limited.send(withUsers, { input: { subscriptions: subscriptions(11) } })).errors?.[0]?.message,
    ).toMatch(/complexity of (22|33)/);
    expect((await limited.send(ofList, { subscriptions: subscriptions(9) })).errors?.[0]?.extensions.code).toBe(
      'RATE_LIMITED',
    );
  });
});
