import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { MAX_EXPORT_CHARACTERS, MAX_EXPORT_ROWS } from '../../../src/domain/transfer/export-user.ts';
import { type UserExport, userExport } from '../../../src/domain/transfer/user-export-schema.ts';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { personal, seedPerson, startSecured } from '../../kit/seed-person.ts';

const ExportUser = `mutation ExportUser($input: ExportUserInput!) {
  exportUser(input: $input) {
    __typename
    ... on ExportUserPayload { document }
    ... on Error { code }
    ... on ValidationError { issues { path code } }
  }
}`;

type App = Awaited<ReturnType<typeof startApp>>;

const send = (app: Pick<App, 'send' | 'owner'>, uid: string, caller = app.owner) =>
  app.send<{ exportUser: { document: UserExport } }, unknown>(ExportUser, { input: { uid } }, caller);

/** The committed JSON Schema, which readers of the documentation use. */
const jsonSchema = z.fromJSONSchema(
  JSON.parse(readFileSync('docs/schemas/user-export.schema.json', 'utf8')) as z.core.JSONSchema.JSONSchema,
);

/** What a token or key of the person or of a retry contains is not part of an export. */
const notExported = new Set([
  personal.eventKey,
  personal.restEventKey,
  personal.bulkKey,
  personal.itemKey,
  personal.signUpKey,
  personal.signUpUid,
  personal.syncKey,
  // In files of imports.
  personal.rejectedText,
  personal.filterText,
]);

it('exports everything about a person in the form of the schema', async () => {
  await using app = await startSecured();
  await seedPerson(app);
  const { data, errors } = await send(app, personal.uid);
  expect(errors).toBeUndefined();
  const document = data?.exportUser.document;
  expect(jsonSchema.parse(document)).toEqual(document);
  const { profile, devices, lists, segments, suppressions, pendingEvaluations, events, changes } =
    userExport.parse(document);
  const text = JSON.stringify(document);
  const missing = Object.values(personal).filter((each) => !notExported.has(each) && !text.includes(each));
  expect(missing).toEqual([]);
  const user = await app.db.user.findFirstOrThrow({ where: { uid: personal.uid } });
  expect(profile).toMatchObject({
    id: user.id,
    uidUpdateable: false,
    createdAt: user.createdAt.toISOString(),
    updatedAt: user.updatedAt.toISOString(),
    meta: { city: personal.declaredText, [personal.publicKey]: personal.publicValue },
    publicMeta: { [personal.publicKey]: personal.publicValue },
  });
  expect(devices.map(({ token }) => token)).toEqual(['shared-device', personal.restDevice, personal.device]);
  expect(lists).toMatchObject([{ title: 'News', subscribed: false }]);
  expect(segments).toMatchObject([
    { name: 'Active', suppressed: false },
    { name: 'Segment', suppressed: true },
  ]);
  expect(suppressions).toMatchObject([{ name: 'Segment' }]);
  expect(pendingEvaluations).toMatchObject([{ segmentId: segments[0]?.segmentId }]);
  expect(events.map(({ name }) => name)).toEqual([
    personal.event,
    personal.event,
    personal.bulkEvent,
    'Other',
    personal.restEvent,
  ]);
  const stored = await app.db.change.findMany({ where: { userId: user.id }, orderBy: { seq: 'asc' } });
  expect(changes.map(({ id }) => id)).toEqual(stored.map(({ xid, seq }) => `${xid}-${seq}`));
  // The export by the person, and this one.
  expect(changes.filter(({ action }) => action === 'exportUser')).toHaveLength(2);
  expect(changes.at(-1)).toMatchObject({ action: 'exportUser' });
});

it('exports a user without any data, and pages through many rows', async () => {
  await using app = await startApp();
  const { id } = await addUser(app, { uid: 'ada' });
  const document = async () => userExport.parse((await send(app, 'ada')).data?.exportUser.document);
  expect(await document()).toMatchObject({ devices: [], lists: [], segments: [], suppressions: [], events: [] });
  for (const [count, total] of [
    [500, 500],
    [701, 1_201],
  ] as const) {
    await addEvents(app, id, count);
    const { events } = await document();
    expect(events).toHaveLength(total);
    expect(events.map((event) => event.id)).toEqual(events.map((event) => event.id).toSorted());
    expect(new Set(events.map((event) => event.id)).size).toBe(total);
  }
});

/** Inserts events without entries in the log. */
const addEvents = ({ db, workspaceId }: App, userId: string, count: number, value = '1') => db.$executeRaw`
  INSERT INTO events (workspace_id, id, user_id, name, value, timestamp)
  SELECT ${workspaceId}::uuid, gen_random_uuid(), ${userId}::uuid, 'Paid', to_jsonb(${value}::text), now()
  FROM generate_series(1, ${count}::int)`;

describe('limits', () => {
  it.each([
    ['rows', MAX_EXPORT_ROWS, '1'],
    ['characters', MAX_EXPORT_CHARACTERS / 16_000, 'x'.repeat(16_000)],
  ])('rejects an export with too many %s, and names the command', async (_what, count, value) => {
    await using app = await startApp();
    const { id } = await addUser(app, { uid: 'ada' });
    await addEvents(app, id, Math.ceil(count), value);
    const { data, errors } = await send(app, 'ada');
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED' } }]);
    expect(errors?.[0]?.message).toContain(`npm run cli -- export user UID --workspace ${app.workspaceId}`);
    // The attempt is recorded as well.
    expect(await app.db.change.count({ where: { action: 'exportUser' } })).toBe(1);
  });
});

describe('access', () => {
  it('requires privacy:export, which is sufficient', async () => {
    await using app = await startApp();
    await addUser(app, { uid: 'ada' });
    const reader = await app.withScopes('users:read', 'users:write', 'events:read', 'audit:read');
    for (const caller of [reader, app.publicKey]) {
      expect(await send(app, 'ada', caller)).toMatchObject({
        errors: [{ extensions: { code: 'FORBIDDEN', requiredScopes: ['privacy:export'] } }],
      });
    }
    expect(await app.db.change.count({ where: { action: 'exportUser' } })).toBe(0);
    const officer = await app.withScopes('privacy:export');
    expect((await send(app, 'ada', officer)).data?.exportUser).toMatchObject({ document: { profile: { uid: 'ada' } } });
  });

  it('does not find unknown users, and users of other workspaces', async () => {
    await using app = await startApp();
    await addUser({ db: app.db, workspaceId: app.stranger.workspaceId }, { uid: 'ada' });
    expect((await send(app, 'ada')).data).toMatchObject({ exportUser: { code: 'NOT_FOUND' } });
    expect((await send(app, 'a/b')).data).toMatchObject({
      exportUser: { issues: [{ path: ['uid'], code: 'INVALID_UID' }] },
    });
    expect(await app.db.change.count({ where: { action: 'exportUser' } })).toBe(0);
  });
});
