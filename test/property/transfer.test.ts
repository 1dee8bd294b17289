import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../src/domain/shared/ids.ts';
import { createWorkspace } from '../../src/domain/workspaces/workspaces.ts';
import { openWorkerDatabase, type TestDatabase } from '../kit/database.ts';
import { casesOf } from '../kit/test-size.ts';
import { exportText, importText } from '../kit/transfer.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openWorkerDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const storable = (text: string) => text.isWellFormed() && !text.includes('\0');
const text = (minLength: number, maxLength: number) =>
  fc.oneof(
    fc.string({ unit: 'grapheme', minLength, maxLength: Math.floor(maxLength / 8) || 1 }).filter(storable),
    fc
      .constantFrom(
        'a,b',
        'a;b\tc',
        '"',
        '""',
        "'x",
        'x\ny',
        'x\r\ny',
        '=1+1',
        ' x ',
        '\ufeff',
        'null',
        'true',
        '1',
        '1.234,5',
        '31.12.2025',
        '[1]',
        '{"a":1}',
      )
      .filter((value) => value.length >= minLength),
  );
const key = fc.oneof(
  text(1, 32),
  fc.constantFrom('a:b', 'a:number', 'x.y', '__proto__', 'constructor', '1', '10', 'n\nl', ':', 'plan'),
);
const number = fc.oneof(
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value)),
  fc.constantFrom(0, -0, 0.1, 1e-7, 2 ** 53 - 1, -1, 1.5e-300),
);
const value = fc.oneof(text(0, 64), number, fc.boolean());
/** Entries, since objects of JavaScript order some keys. */
const attributes = fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 6 });
const instant = fc
  .date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true })
  .map((date) => date.toISOString());
/** Devices have microseconds. */
const exactInstant = fc
  .tuple(instant, fc.constantFrom('', '001', '020', '999'))
  .map(([text, micros]) => `${text.slice(0, -1)}${micros}Z`);
const option = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { freq: 2 });
const printable = fc.stringMatching(/^[ -~äß日]{0,20}$/u);

const user = fc.record({
  uidUpdateable: fc.boolean(),
  firstName: option(text(0, 64)),
  lastName: option(text(0, 64)),
  number: option(fc.constantFrom('+2348012345678', '+491701234567')),
  email: option(fc.constantFrom('ann@example.com', 'o\'hara"+x@example.com', '=a@b')),
  isAccount: fc.boolean(),
  timeZone: option(fc.constantFrom('Africa/Lagos', 'UTC', 'Europe/Berlin')),
  appVersion: option(printable),
  appBuild: option(printable),
  appLastActiveAt: option(instant),
  createdAt: instant,
  meta: attributes,
  devices: fc.array(fc.record({ platform: fc.constantFrom('ios', 'android'), lastSeenAt: exactInstant }), {
    maxLength: 5,
  }),
  lists: fc.array(fc.option(fc.record({ subscribed: fc.boolean(), joinedAt: instant })), { maxLength: 3 }),
});
const list = fc.record({
  title: fc.stringMatching(/^[A-Za-z",;=][ -~äß]{0,19}[a-z]$/u),
  description: option(text(0, 64)),
  createdAt: instant,
  archivedAt: option(instant),
});
const event = fc.record({
  user: fc.nat(),
  name: fc.constantFrom('Paid', 'Ä, "x"', '=1', 'name:x'),
  value: option(value),
  properties: attributes,
  timestamp: fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-01-02T03:04:05.678Z', '1969-12-31T23:59:59.999Z'),
});
const workspace = fc.record({
  users: fc.array(user, { minLength: 1, maxLength: 8 }),
  lists: fc.array(list, { maxLength: 3 }),
  events: fc.array(event, { maxLength: 12 }),
});
type GeneratedWorkspace = typeof workspace extends fc.Arbitrary<infer Value> ? Value : never;

/** JSON of entries, with any keys. */
const toJson = (entries: readonly (readonly [string, unknown])[]) =>
  `{${entries.map(([name, each]) => `${JSON.stringify(name)}:${JSON.stringify(each)}`).join(',')}}`;

/** Inserts the rows as they are, which a sequence of requests could have left. */
async function insert({ users, lists, events }: GeneratedWorkspace): Promise<string> {
  const { db } = database;
  const { id: workspaceId } = await createWorkspace(db, 'Generated');
  const listIds = lists.map(() => newId());
  for (const [place, each] of lists.entries()) {
    await db.$executeRaw`INSERT INTO lists (workspace_id, id, title, description, created_at, archived_at)
      VALUES (${workspaceId}::uuid, ${listIds[place]}::uuid, ${each.title}, ${each.description}, ${each.createdAt}::timestamptz,
        ${each.archivedAt}::timestamptz)`;
  }
  const userIds: string[] = [];
  for (const [place, each] of users.entries()) {
    const id = newId();
    userIds.push(id);
    // The uid of a user whose uid can be updated is the address, which another user can have too.
    const isUpdateable = each.uidUpdateable && each.email !== null;
    const email = each.email && `${isUpdateable ? place : Math.max(place - 1, 0)}${each.email}`;
    const uid = isUpdateable ? email : `u${place}, "ü"`;
    await db.$executeRaw`INSERT INTO users (workspace_id, id, uid, uid_updateable, first_name, last_name, number, email, is_account,
        time_zone, app_version, app_build, app_last_active_at, created_at, updated_at, meta)
      VALUES (${workspaceId}::uuid, ${id}::uuid, ${uid}, ${isUpdateable}, ${each.firstName}, ${each.lastName},
        ${each.number}, ${email}, ${each.isAccount}, ${each.timeZone}, ${each.appVersion}, ${each.appBuild},
        ${each.appLastActiveAt}::timestamptz, ${each.createdAt}::timestamptz, now(), ${toJson(each.meta)}::jsonb)`;
    for (const [at, { platform, lastSeenAt }] of each.devices.entries()) {
      await db.$executeRaw`INSERT INTO devices (workspace_id, token, user_id, platform, last_seen_at)
        VALUES (${workspaceId}::uuid, ${`token-${place}-${at}`}, ${id}::uuid, ${platform}::device_platform, ${lastSeenAt}::timestamptz)`;
    }
    for (const [at, membership] of each.lists.entries()) {
      if (!membership || listIds[at] === undefined) continue;
      await db.$executeRaw`INSERT INTO list_memberships (workspace_id, list_id, user_id, subscribed, joined_at)
        VALUES (${workspaceId}::uuid, ${listIds[at]}::uuid, ${id}::uuid, ${membership.subscribed}, ${membership.joinedAt}::timestamptz)`;
    }
  }
  for (const each of events) {
    const json = each.value === null ? null : JSON.stringify(each.value);
    await db.$executeRaw`INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
      VALUES (${workspaceId}::uuid, ${newId()}::uuid, ${userIds[each.user % userIds.length]}::uuid, ${each.name}, ${json}::jsonb,
        ${toJson(each.properties)}::jsonb, ${each.timestamp}::timestamptz)`;
  }
  return workspaceId;
}

/** Lists are imported before their members, and users before their events. */
const kinds = [
  ['lists', 'importLists'],
  ['users', 'importUsers'],
  ['events', 'importEvents'],
] as const;

for (const format of ['ndjson', 'csv'] as const) {
  it(`imports and exports the same bytes: ${format}`, { timeout: 600_000 }, async () => {
    const property = fc.asyncProperty(workspace, async (generated) => {
      const { db } = database;
      const from = { db, workspaceId: await insert(generated) };
      const to = { db, workspaceId: (await createWorkspace(db, 'Imported')).id };
      for (const [type, kind] of kinds) {
        const text = await exportText(from, { type, format });
        expect(await importText(to, kind, text, format)).toBe('');
        expect(await exportText(to, { type, format })).toBe(text);
      }
    });
    await fc.assert(property, { numRuns: casesOf(300), seed: 18 });
  });
}
