import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { declareAll } from '../../kit/filters/declared.ts';
import { NormalizedCache, parseWithTypenames } from '../../kit/normalized-cache.ts';
import {
  rowGlobalId,
  seedDevices,
  seedEvents,
  seedListMembers,
  seedSegmentMembers,
  seedUsers,
} from '../../kit/seed-rows.ts';
import { rootFields } from '../../kit/walk-schema.ts';

/** What a client does to its cache, besides writing the response. */
type Update = (cache: NormalizedCache, payload: Record<string, unknown>) => void;

/** A query whose result a client has cached, and a mutation that changes the result. */
interface Case {
  mutation: string;
  input: Record<string, unknown>;
  /** The selection of the mutation's payload. */
  payload: string;
  /** The cached query. */
  query: string;
  update?: Update;
}

const user = rowGlobalId('User', 1);
const list = rowGlobalId('List', 1);
const segment = rowGlobalId('Segment', 1);

const USERS = '{ users { edges { cursor node { id uid firstName } } } }';
const LISTS = '{ lists { edges { cursor node { id title archivedAt } } } }';
const SEGMENTS = '{ segments { edges { cursor node { id name where status } } } }';
const ATTRIBUTES = '{ declaredAttributes { key type isReady } }';
const DEVICES = 'devices { id token platform lastSeenAt }';
const MEMBERSHIPS = 'lists { id subscribed joinedAt list { id } }';
const MEMBER_EDGE = 'id cursor subscribed joinedAt node { id uid }';
const PROFILE = `{ user(uid: "u1") { id firstName ${DEVICES} ${MEMBERSHIPS} segments { id suppressed segment { id } } } }`;
const EVENTS = '{ user(uid: "u1") { id events { edges { cursor node { id name } } } } }';
/** Both sides of the memberships of a user. */
const membershipsOf = (uid: string) =>
  `{ user(uid: "${uid}") { id ${MEMBERSHIPS} } list(id: "${list}") { id members { edges { ${MEMBER_EDGE} } } } }`;

const cases: [title: string, Case][] = [
  [
    'createUser: prepends the edge',
    {
      mutation: 'createUser',
      input: { uid: 'new', firstName: 'Ada' },
      payload: 'userEdge { cursor node { id uid firstName } }',
      query: USERS,
      update: (cache) => cache.prependEdge('Query.users', 'Mutation.createUser', 'userEdge'),
    },
  ],
  [
    'updateUser: writes the user',
    {
      mutation: 'updateUser',
      input: { uid: 'u1', firstName: 'Ada', device: { token: 'new', platform: 'IOS' } },
      payload: `user { id firstName ${DEVICES} } userEdge { cursor }`,
      query: PROFILE,
    },
  ],
  [
    'updateUser that creates a user: prepends the edge',
    {
      mutation: 'updateUser',
      input: { uid: 'new', firstName: 'Ada' },
      payload: 'userEdge { cursor node { id uid firstName } }',
      query: USERS,
      update: (cache) => cache.prependEdge('Query.users', 'Mutation.updateUser', 'userEdge'),
    },
  ],
  [
    'upsertUsers: writes the users, and prepends the edge of one that was created',
    {
      mutation: 'upsertUsers',
      input: { users: [{ uid: 'newest', firstName: 'Ada' }] },
      payload: 'items { index result { ... on UpdateUserPayload { userEdge { cursor node { id uid firstName } } } } }',
      query: USERS,
      update: (cache) => cache.prependEdge('Query.users', 'Mutation.upsertUsers.items.0.result', 'userEdge'),
    },
  ],
  [
    'deleteUser: evicts the user',
    {
      mutation: 'deleteUser',
      input: { uid: 'u1' },
      payload: 'deletedUserId',
      query: '{ users { nodes { id uid } } }',
      update: (cache, { deletedUserId }) => cache.evict('User', deletedUserId),
    },
  ],
  [
    'deleteUsers: evicts the users',
    {
      mutation: 'deleteUsers',
      input: { uids: ['u1'] },
      payload: 'items { index result { ... on DeleteUserPayload { deletedUserId } } }',
      query: '{ users { nodes { id uid } } }',
      update: (cache) => cache.evict('User', user),
    },
  ],
  [
    'addEvent: prepends the edge',
    {
      mutation: 'addEvent',
      input: { uid: 'u1', name: 'Paid again' },
      payload: 'eventEdge { cursor node { id name } } user { id updatedAt }',
      query: EVENTS,
      update: (cache) => cache.prependEdge(`User:${user}.events`, 'Mutation.addEvent', 'eventEdge'),
    },
  ],
  [
    'addEvents: prepends the edge of each event',
    {
      mutation: 'addEvents',
      input: { events: [{ uid: 'u1', name: 'Paid twice' }] },
      payload:
        'items { index result { ... on AddEventPayload { eventEdge { cursor node { id name } } user { id updatedAt } } } }',
      query: EVENTS,
      update: (cache) => cache.prependEdge(`User:${user}.events`, 'Mutation.addEvents.items.0.result', 'eventEdge'),
    },
  ],
  [
    'removeDevice: writes the user',
    {
      mutation: 'removeDevice',
      input: { uid: 'u1', token: 'token1' },
      payload: 'user { id devices { id } }',
      query: PROFILE,
    },
  ],
  [
    'removeDevice: evicts the device',
    {
      mutation: 'removeDevice',
      input: { uid: 'u1', token: 'token1' },
      payload: 'removedDeviceId',
      query: PROFILE,
      update: (cache, { removedDeviceId }) => cache.evict('Device', removedDeviceId),
    },
  ],
  [
    'createList: prepends the edge',
    {
      mutation: 'createList',
      input: { title: 'New' },
      payload: 'listEdge { cursor node { id title archivedAt } }',
      query: LISTS,
      update: (cache) => cache.prependEdge('Query.lists', 'Mutation.createList', 'listEdge'),
    },
  ],
  [
    'updateList: writes the list',
    { mutation: 'updateList', input: { listId: list, title: 'New' }, payload: 'list { id title }', query: LISTS },
  ],
  [
    'archiveList: writes the list',
    { mutation: 'archiveList', input: { listId: list }, payload: 'list { id archivedAt }', query: LISTS },
  ],
  [
    'declareAttribute: appends the attribute',
    {
      mutation: 'declareAttribute',
      input: { key: 'age', type: 'NUMBER' },
      payload: 'attribute { key type isReady }',
      query: ATTRIBUTES,
      update: (cache) => cache.appendItem('declaredAttributes', 'Mutation.declareAttribute', 'attribute'),
    },
  ],
  [
    'undeclareAttribute: removes the attribute',
    {
      mutation: 'undeclareAttribute',
      input: { key: 'plan' },
      payload: 'key',
      query: ATTRIBUTES,
      update: (cache, { key }) => cache.removeItem('declaredAttributes', 'key', key),
    },
  ],
  [
    'setListSubscription of a member: writes the membership and its edge',
    {
      mutation: 'setListSubscription',
      input: { uid: 'u1', listId: list, subscribed: false },
      payload: 'membership { id subscribed } edge { id subscribed }',
      query: membershipsOf('u1'),
    },
  ],
  [
    'setListSubscription of another user: writes the user, and prepends the edge',
    {
      mutation: 'setListSubscription',
      input: { uid: 'u3', listId: list, subscribed: true },
      payload: `user { id ${MEMBERSHIPS} } list { id title } edge { ${MEMBER_EDGE} }`,
      query: membershipsOf('u3'),
      update: (cache) => cache.prependEdge(`List:${list}.members`, 'Mutation.setListSubscription', 'edge'),
    },
  ],
  [
    'setListSubscriptions: writes the users, and prepends the edge of each',
    {
      mutation: 'setListSubscriptions',
      input: { subscriptions: [{ uid: 'u3', listId: list, subscribed: true }] },
      payload: `items { index result { ... on SetListSubscriptionPayload {
        user { id ${MEMBERSHIPS} } list { id title } edge { ${MEMBER_EDGE} }
      } } }`,
      query: membershipsOf('u3'),
      update: (cache) =>
        cache.prependEdge(`List:${list}.members`, 'Mutation.setListSubscriptions.items.0.result', 'edge'),
    },
  ],
  [
    'removeFromList: evicts the membership and its edge',
    {
      mutation: 'removeFromList',
      input: { uid: 'u1', listId: list },
      payload: 'removedMembershipId removedEdgeId',
      query: membershipsOf('u1'),
      update: (cache, { removedMembershipId, removedEdgeId }) => {
        cache.evict('ListMembership', removedMembershipId);
        cache.evict('ListMemberEdge', removedEdgeId);
      },
    },
  ],
  [
    'removeFromList: writes the user and the list',
    {
      mutation: 'removeFromList',
      input: { uid: 'u1', listId: list },
      payload: `user { id lists { id } } list { id members { edges { id } } }`,
      query: membershipsOf('u1'),
    },
  ],
  [
    'createSegment: prepends the edge',
    {
      mutation: 'createSegment',
      input: { name: 'New', where: { uid: { eq: 'u1' } } },
      payload: 'segmentEdge { cursor node { id name where status } }',
      query: SEGMENTS,
      update: (cache) => cache.prependEdge('Query.segments', 'Mutation.createSegment', 'segmentEdge'),
    },
  ],
  [
    'updateSegment: writes the segment',
    {
      mutation: 'updateSegment',
      input: { segmentId: segment, name: 'New', where: { uid: { eq: 'u1' } } },
      payload: 'segment { id name where status }',
      query: SEGMENTS,
    },
  ],
  [
    'deleteSegment: evicts the segment',
    {
      mutation: 'deleteSegment',
      input: { segmentId: segment },
      payload: 'segmentId',
      query: '{ segments { nodes { id name } } }',
      update: (cache, { segmentId }) => cache.evict('Segment', segmentId),
    },
  ],
  [
    'setSegmentSuppression: writes the membership',
    {
      mutation: 'setSegmentSuppression',
      input: { uid: 'u1', segmentId: segment, suppressed: true },
      payload: 'membership { id suppressed }',
      query: PROFILE,
    },
  ],
];

it.each(cases)('%s', async (_title, { mutation, input, payload, query, update }) => {
  await using app = await startApp();
  await seedUsers(app, [3]);
  await seedListMembers(app, 1, [1, 2]);
  await seedSegmentMembers(app, 1, [1, 2]);
  await seedEvents(app, 1, [1]);
  await seedDevices(app, [1, 2]);
  await declareAll(app, { plan: 'STRING' });
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}`;
  const change = parseWithTypenames(
    `mutation ($input: ${type}Input!) { ${mutation}(input: $input) { ... on ${type}Payload { ${payload} } } }`,
  );
  const page = parseWithTypenames(query);

  /** Sends an operation and returns its data. */
  const fetch = async (document: typeof page, variables: Record<string, unknown> = {}) => {
    const { data, errors } = await app.send(document, variables);
    expect(errors).toBeUndefined();
    return Object(data);
  };

  const cache = new NormalizedCache();
  const before = await fetch(page);
  cache.write(page, {}, before);
  const result = await fetch(change, { input });
  expect(result).toMatchObject({ [mutation]: { __typename: `${type}Payload` } });
  cache.write(change, { input }, result);
  update?.(cache, result[mutation]);
  const after = await fetch(page);
  expect(after, 'the mutation does not change the result of the query').not.toEqual(before);
  expect(cache.read(page, {})).toEqual(after);
});

/** Mutations that change no object of a cache. */
const reading = new Set(['exportUser']);

it('has a case for every mutation', () => {
  const mutations = rootFields.filter(({ type }) => type.name === 'Mutation').map(({ field }) => field.name);
  const tested = new Set(cases.map(([, { mutation }]) => mutation));
  const advice = 'Add a case for each of these mutations in test/api/graphql/normalized-cache.test.ts.';
  expect(
    mutations.filter((name) => !tested.has(name) && !reading.has(name)),
    advice,
  ).toEqual([]);
});
