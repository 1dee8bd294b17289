import { expect } from 'vitest';
import { createVerifyToken } from '../../src/auth/tokens.ts';
import type { Viewer } from '../../src/auth/viewer.ts';
import { nameOfToken } from '../../src/domain/shared/actor.ts';
import { scopes } from '../../src/domain/shared/scopes.ts';
import { countInPostgres } from '../../src/http/limits/postgres-rate-counter.ts';
import { rateLimitKey } from '../../src/http/limits/rate.ts';
import { createJsonLogger } from '../../src/telemetry/logger.ts';
import { startApp } from './app.ts';
import { importUser } from './factories.ts';
import { restOf } from './rest.ts';
import { define, settle } from './segments/workspace.ts';
import { bearer, claimsOf, secret, tokenSettings } from './tokens.ts';

/** Unique texts, one for each place that can hold personal data. */
export const personal = {
  email: 'Zqmail1@zqhost1.example',
  uid: 'zquid2',
  firstName: 'Zqfïrst3',
  lastName: 'Zqlast4',
  number: '+4915212345678',
  timeZone: 'Antarctica/Troll',
  appVersion: 'zqversion5',
  appBuild: 'zqbuild6',
  metaKey: 'zqkey7',
  metaValue: 'zqvalue8',
  publicKey: 'zqpublickey9',
  publicValue: 'zqpublicvalue10',
  declaredText: 'zqdeclared11',
  declaredNumber: '718293645',
  device: 'zqdevice12',
  restDevice: 'zqdevice13',
  event: 'Zqevent14',
  eventValue: 'zqeventvalue15',
  property: 'zqproperty16',
  propertyValue: 'zqpropertyvalue17',
  eventKey: 'zqeventkey18',
  restEvent: 'zqrestevent19',
  restEventKey: 'zqresteventkey20',
  bulkEvent: 'zqbulkevent21',
  bulkKey: 'zqbulkkey22',
  itemKey: 'zqitemkey23',
  signUpKey: 'zqsignupkey24',
  signUpUid: 'zqsignupuid25',
  syncKey: 'zqsynckey26',
  rejectedText: 'zqrejected27',
  filterText: 'zqfilter28',
};

export type SecuredApp = Awaited<ReturnType<typeof startSecured>>;

/** Starts a gateway that accepts tokens and records its log. */
export async function startSecured(options: Pick<Parameters<typeof startApp>[0] & object, 'limits'> = {}) {
  const lines: string[] = [];
  const log = createJsonLogger('debug', { write: (line) => lines.push(line) });
  const verifyToken = createVerifyToken({ ...tokenSettings, keys: { secret } });
  const app = await startApp({ ...options, ownDatabase: true, verifyToken, log });
  return { ...app, log, logText: () => new Map([['log', lines.join('')]]), linesOf: () => lines.length };
}

/** Sends a mutation and expects its payload, not an error. */
export async function write(app: SecuredApp, field: string, input: object, caller = app.owner): Promise<void> {
  const type = `${field.charAt(0).toUpperCase()}${field.slice(1)}Input`;
  const document = `mutation ($input: ${type}!) { ${field}(input: $input) { __typename ... on Error { code message } } }`;
  const { data, errors } = await app.send(document, { input }, caller);
  const payload = `${field.charAt(0).toUpperCase()}${field.slice(1)}Payload`;
  expect({ data, errors }).toMatchObject({ data: { [field]: { __typename: payload } } });
}

async function listIn(app: SecuredApp, title: string): Promise<string> {
  const { data } = await app.send<{ createList: { list: { id: string } } }, unknown>(
    'mutation ($input: CreateListInput!) { createList(input: $input) { ... on CreateListPayload { list { id } } } }',
    { input: { title } },
  );
  return data?.createList.list.id ?? '';
}

/** Writes a person through GraphQL, REST and bulk requests, with keys and with tokens of the person. */
export async function seedPerson(app: SecuredApp): Promise<void> {
  const { uid } = personal;
  const viewer: Pick<Viewer, 'credential' | 'workspaceId' | 'keyId'> = {
    credential: 'token',
    workspaceId: app.workspaceId,
    keyId: uid,
  };
  const own = await bearer(claimsOf(app.workspaceId, { sub: uid, scope: scopes.join(' ') }));
  await importUser(app, personal.email);
  const profile = {
    firstName: personal.firstName,
    lastName: personal.lastName,
    number: personal.number,
    timeZone: personal.timeZone,
    appVersion: personal.appVersion,
    appBuild: personal.appBuild,
    device: { token: personal.device, platform: 'IOS' },
    meta: {
      [personal.metaKey]: personal.metaValue,
      city: personal.declaredText,
      height: Number(personal.declaredNumber),
    },
  };
  for (const [key, type] of [
    ['city', 'STRING'],
    ['height', 'NUMBER'],
  ] as const) {
    await write(app, 'declareAttribute', { key, type });
  }
  await write(app, 'updateUser', { uid: personal.email, newUid: uid, ...profile });
  await write(app, 'updateUser', { uid, meta: { [personal.publicKey]: personal.publicValue } }, app.publicKey);
  const list = await listIn(app, 'News');
  await write(app, 'setListSubscription', { uid, listId: list, subscribed: true });
  await write(app, 'setListSubscription', { uid, listId: list, subscribed: false }, own);
  const segment = await define(app, { lastName: { isNull: false } });
  await define(app, { events: [{ name: { eq: 'Other' }, within: 'P30D' }] }, 'Active');
  await settle(app);
  await write(app, 'setSegmentSuppression', {
    uid,
    segmentId: Buffer.from(`Segment:${segment}`).toString('base64'),
    suppressed: true,
  });
  await seedEvents(app, own);
  // The person as the author of changes to others.
  await write(app, 'createList', { title: 'By a person' }, own);
  await write(app, 'updateUser', { uid: 'other', firstName: 'Other' }, own);
  await write(app, 'exportUser', { uid }, own);
  await app.db.$executeRaw`
    INSERT INTO transfer_jobs (workspace_id, id, kind, state, key_id, scopes, created_at)
    VALUES (${app.workspaceId}::uuid, gen_random_uuid(), 'importUsers', 'completed', ${nameOfToken(uid)}, '{}', now())`;
  // Moves between the person and another user.
  await write(app, 'updateUser', { uid: 'other', device: { token: 'shared-device', platform: 'IOS' } });
  await write(app, 'updateUser', { uid, device: { token: 'shared-device', platform: 'IOS' } }, own);
  const { connections, forWorkspace } = app.db;
  await countInPostgres({ connections, forWorkspace, prepared: false })(rateLimitKey(viewer), 1, 100);
  await settle(app);
}

async function seedEvents(app: SecuredApp, own: string): Promise<void> {
  const { uid } = personal;
  const rest = restOf(app);
  await write(app, 'addEvent', {
    uid,
    name: personal.event,
    value: personal.eventValue,
    properties: { [personal.property]: personal.propertyValue },
    idempotencyKey: personal.eventKey,
  });
  await write(app, 'addEvent', { uid, name: personal.event }, own);
  await write(app, 'addEvents', {
    events: [
      { uid, name: personal.bulkEvent },
      { uid, name: 'Other', idempotencyKey: personal.itemKey },
    ],
    idempotencyKey: personal.bulkKey,
  });
  const response = await app.app.inject({
    method: 'POST',
    url: `/v1/users/${uid}/events`,
    headers: { authorization: app.owner, 'content-type': 'application/json', 'idempotency-key': personal.restEventKey },
    payload: JSON.stringify({ event: personal.restEvent }),
  });
  expect(response.statusCode).toBeLessThan(300);
  const put = await rest.put(`/v1/users/${uid}`, { device_token: personal.restDevice, device_platform: 'android' });
  expect(put.status).toBe(200);
}
