import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startApp } from '../../kit/app.ts';
import {
  rowGlobalId,
  rowId,
  seedEvents,
  seedListMembers,
  seedSegmentMembers,
  seedUsers,
  tens,
} from '../../kit/seed-rows.ts';

const Entities = `query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    __typename
    ... on User { id uid }
    ... on List { id }
    ... on Segment { id }
    ... on Event { id }
  }
}`;

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp();
  await seedListMembers(app, 1, [1]);
  await seedSegmentMembers(app, 1, [1]);
  await seedEvents(app, 1, [1]);
  await seedUsers(app, tens(60));
});
afterAll(() => app[Symbol.asyncDispose]());

const sendEntities = (representations: unknown, caller?: string) => app.send(Entities, { representations }, caller);

const byId = (number: number) => ({ __typename: 'User', id: rowGlobalId('User', number) });
const byUid = (number: number) => ({ __typename: 'User', uid: `u${number}` });
const user = (number: number) => ({ ...byId(number), ...byUid(number) });
const others = (['List', 'Segment', 'Event'] as const).map((type) => ({
  __typename: type,
  id: rowGlobalId(type, 1),
}));

it('returns entities of every type by every key, in the order of the representations', async () => {
  const { data, errors } = await sendEntities([byUid(10), ...others, byId(20), byUid(1)]);
  expect(errors).toBeUndefined();
  expect(data).toEqual({ _entities: [user(10), ...others, user(20), user(1)] });
});

it('reads 100 representations with one statement per type, for any order and keys', async () => {
  const users = tens(48).flatMap((number) => [byId(number), byUid(600 - number)]);
  const representations = [...users.slice(0, 50), ...others, ...users.slice(50), byUid(1)];
  expect(representations).toHaveLength(100);
  await sendEntities([byId(1)]);
  for (const order of [representations, representations.toReversed()]) {
    const statements = await app.statementsOf(async () => {
      const { data } = await sendEntities(order);
      expect(data).toMatchObject({ _entities: order });
    });
    expect(statements).toHaveLength(4);
  }
});

it('returns repeated representations at each position', async () => {
  const { data } = await sendEntities([byUid(10), byId(10), byUid(10), byId(20), byId(10)]);
  expect(data).toEqual({ _entities: [user(10), user(10), user(10), user(20), user(10)] });
});

it('reads more than 100 users with several statements, in order', async () => {
  const representations = tens(60).flatMap((number) => [byId(number), byUid(5 + number), byUid(number), byId(number)]);
  const statements = await app.statementsOf(async () => {
    const { data, errors } = await sendEntities(representations);
    expect(errors).toBeUndefined();
    const users = tens(60).flatMap((number) => [user(number), null, user(number), user(number)]);
    expect(data).toEqual({ _entities: users });
  });
  expect(statements).toHaveLength(3);
});

it.each([
  ['in one batch', 3, 3],
  ['in the first of three batches', 250, 100],
])('returns errors at the positions of the users that could not be read %s', async (_batch, count, failed) => {
  const representations = Array.from({ length: count }, () => byUid(10));
  await sendEntities([byUid(10)]);
  const failing = vi.spyOn(app.db.pool, 'connect').mockImplementationOnce(async () => {
    throw new Error('connect ECONNREFUSED 127.0.0.1:1');
  });
  const { data, errors } = await sendEntities(representations);
  failing.mockRestore();
  expect(errors?.map(({ path }) => path)).toEqual(
    representations.slice(0, failed).map((_, index) => ['_entities', index]),
  );
  expect(errors?.[0]).toMatchObject({ extensions: { code: 'SERVICE_UNAVAILABLE' } });
  expect(data).toEqual({ _entities: representations.map((_, index) => (index < failed ? null : user(10))) });
});

it('returns null for a user that does not exist, and for a user of another workspace', async () => {
  const theirs = { db: app.db, workspaceId: app.stranger.workspaceId };
  await seedUsers(theirs, [7000]);
  const { data, errors } = await sendEntities([byUid(10), byUid(7000), byId(7000), byUid(8000), byId(8000), byId(10)]);
  expect(errors).toBeUndefined();
  expect(data).toEqual({ _entities: [user(10), null, null, null, null, user(10)] });
});

it('resolves connections and memberships of an entity', async () => {
  const document = `query ($representations: [_Any!]!) {
    _entities(representations: $representations) { ... on User { lists { subscribed } events { nodes { name } } } }
  }`;
  const { data } = await app.send(document, { representations: [byUid(1), byUid(10)] });
  expect(data).toMatchObject({
    _entities: [
      { lists: [{}], events: { nodes: [{}] } },
      { lists: [], events: { nodes: [] } },
    ],
  });
});

describe('a representation with both keys of a user', () => {
  const mismatch = {
    path: ['_entities', 1],
    extensions: {
      code: 'BAD_USER_INPUT',
      issues: [{ path: ['representations', '1', 'uid'], code: 'KEY_MISMATCH' }],
    },
  };

  it('returns the user if both keys are of the same user, in any normal form', async () => {
    const [composed, decomposed] = ['é1', 'e\u03011'];
    await app.db.user.update({
      where: { workspaceId_id: { workspaceId: app.workspaceId, id: rowId(10) } },
      data: { uid: composed },
    });
    const { data, errors } = await sendEntities([{ ...byId(10), uid: decomposed }, user(20)]);
    await app.db.user.update({
      where: { workspaceId_id: { workspaceId: app.workspaceId, id: rowId(10) } },
      data: { uid: 'u10' },
    });
    expect(errors).toBeUndefined();
    expect(data).toEqual({ _entities: [{ ...byId(10), uid: composed }, user(20)] });
  });

  it.each([
    ['of another user', 'u20'],
    ['of no user', 'nobody'],
  ])('returns an error at its position if the uid is %s', async (_whose, uid) => {
    for (const more of [[], others]) {
      const { data, errors } = await sendEntities([byUid(10), { ...byId(10), uid }, byId(30), ...more]);
      expect(data).toEqual({ _entities: [user(10), null, user(30), ...more] });
      expect(errors).toMatchObject([mismatch]);
    }
  });

  it('returns null if the workspace has no user with the id', async () => {
    const { data, errors } = await sendEntities([{ ...byId(8000), uid: 'u10' }]);
    expect(errors).toBeUndefined();
    expect(data).toEqual({ _entities: [null] });
  });
});

describe('a malformed representation', () => {
  const malformed: [string, unknown][] = [
    ['a null key', { __typename: 'User', id: null }],
    ['no key', { __typename: 'User' }],
    ['a key of another type', { __typename: 'List', uid: 'u10' }],
    ['an unknown type', { __typename: 'Order', id: 'x' }],
    ['a type that is not an entity', { __typename: 'Device', token: 'x' }],
    ['a property of Object.prototype as type', { __typename: 'constructor', id: 'x' }],
    ['a type that is not a string', { __typename: ['User'], uid: 'u10' }],
    ['no type', { id: rowGlobalId('User', 10) }],
    ['the id of another type', { __typename: 'User', id: rowGlobalId('List', 1) }],
    ['an id that is not a global id', { __typename: 'User', id: 'VXNlcjoxJyBPUiAxPTE=' }],
    ['a UUID', { __typename: 'User', id: '0176f50e-e282-7383-8ffa-b83c2458bb2a' }],
    ['an id that is a number', { __typename: 'User', id: 7 }],
    ['a uid with U+0000', { __typename: 'User', uid: 'a\u0000' }],
    ['a uid of 256 characters', { __typename: 'User', uid: 'x'.repeat(256) }],
    ['a malformed uid beside an id', { ...byId(10), uid: '' }],
    ['a malformed id beside a uid', { ...byUid(10), id: 'x' }],
    ['a uid that is a list', { __typename: 'User', uid: ['u10'] }],
    ['a string', 'User'],
    ['a list', [byUid(10)]],
    ['a number', 7],
  ];

  it.each(malformed)('returns an error at its position only: %s', async (_name, representation) => {
    const { data, errors } = await sendEntities([byUid(10), representation, byUid(20)]);
    expect(data).toEqual({ _entities: [user(10), null, user(20)] });
    expect(errors).toMatchObject([{ path: ['_entities', 1], extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(errors?.[0]?.extensions.issues?.[0]?.path.slice(0, 2)).toEqual(['representations', '1']);
  });

  it('returns an error for each position', async () => {
    const { errors } = await sendEntities(malformed.map(([, representation]) => representation));
    expect(errors?.map(({ path }) => path)).toEqual(malformed.map((_, index) => ['_entities', index]));
  });
});

it('accepts 500 representations and rejects 501', async () => {
  const { data } = await sendEntities(Array(500).fill(byUid(10)));
  expect(data).toMatchObject({ _entities: { length: 500 } });
  const statements = await app.statementsOf(async () => {
    expect(await sendEntities(Array(501).fill(byUid(10)))).toMatchObject({
      errors: [
        {
          message: 'representations: must have at most 500 representations; got 501',
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ],
    });
  });
  expect(statements).toEqual([]);
});

it('counts a repeated representation once, and limits how many objects the repetitions return', async () => {
  const document = (first: number) => `query ($of: [_Any!]!) {
    _entities(representations: $of) { ... on User { events(first: ${first}) { nodes { name } } } }
  }`;
  const of = Array(500).fill(byUid(10));
  const { data } = await app.send(document(18), { of });
  expect(data).toMatchObject({ _entities: { length: 500 } });
  const { errors } = await app.send(document(19), { of });
  expect(errors).toMatchObject([
    {
      message: 'The operation returns up to 10500 objects; the limit is 10000. Send each id or representation once.',
      extensions: { code: 'LIMIT_EXCEEDED' },
    },
  ]);
});

it('rejects a null representation', async () => {
  expect(await sendEntities([null])).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
});

it('accepts representations as literals in the document', async () => {
  const document = '{ _entities(representations: [{ __typename: "User", uid: "u10" }]) { ... on User { uid } } }';
  expect((await app.send(document)).data).toEqual({ _entities: [{ uid: 'u10' }] });
});

describe('scopes', () => {
  const forbidden = (message: string) => ({
    status: 403,
    errors: [{ message, extensions: { code: 'FORBIDDEN' } }],
  });

  it('requires users:read for every type', async () => {
    const caller = await app.withScopes('lists:read', 'users:identify');
    await app.send('{ __typename }', {}, caller);
    const document = 'query ($of: [_Any!]!) { _entities(representations: $of) { __typename } }';
    const statements = await app.statementsOf(async () => {
      for (const representations of [[], [others[0]], [byUid(10)], ['?']]) {
        const answer = await app.send(document, { of: representations }, caller);
        expect(answer.data).toBeUndefined();
        expect(answer).toMatchObject({ status: 403, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
      }
    });
    expect(statements).toEqual([]);
  });

  it.each([
    ['List', 'lists:read'],
    ['Segment', 'segments:read'],
    ['Event', 'events:read'],
  ] as const)('requires for a %s the scope %s, even for __typename', async (type, scope) => {
    const document = 'query ($of: [_Any!]!) { _entities(representations: $of) { __typename } }';
    const of = [byUid(10), { __typename: type, id: rowGlobalId(type, 1) }];
    expect(await app.send(document, { of }, await app.withScopes('users:read'))).toMatchObject(
      forbidden(`Query._entities of a ${type} requires the scope ${scope}.`),
    );
    expect(await app.send(document, { of }, await app.withScopes('users:read', scope))).toMatchObject({
      data: { _entities: [{ __typename: 'User' }, { __typename: type }] },
    });
  });
});
