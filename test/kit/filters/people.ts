import { afterAll, beforeAll } from 'vitest';
import { Prisma } from '../../../src/db/generated/client.ts';
import { advanceDeclaration } from '../../../src/domain/attributes/fill.ts';
import type { EventFacts } from '../../../src/domain/events/filter.ts';
import type { UserFacts } from '../../../src/domain/users/filter/condition.ts';
import { startApp } from '../app.ts';
import { type Choices, choicesOf } from '../choices.ts';
import { createAllIndexes } from '../indexes.ts';
import { type Place, rowId } from '../seed-rows.ts';
import { declareAll, declaredTypes, storeValues } from './declared.ts';

/** The instant that `within` and `before` refer to in the tests. */
export const NOW = new Date('2026-03-01T12:00:00.000Z');

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Instants around the ends of the tests' windows, including their exact ends and the future. */
export const instants = [
  NOW.getTime(),
  NOW.getTime() + 1,
  NOW.getTime() - MINUTE,
  NOW.getTime() - MINUTE + 1,
  NOW.getTime() - DAY,
  NOW.getTime() - DAY - 1,
  NOW.getTime() - 30 * DAY,
  NOW.getTime() - 400 * DAY,
  NOW.getTime() + 5 * DAY,
  Date.parse('0001-01-01T00:00:00.000Z'),
  Date.parse('9999-12-31T23:59:59.999Z'),
].map((time) => new Date(time).toISOString());

/** Texts that differ in case, in accents, and in characters that LIKE or JSON treat specially. */
export const texts = [
  '',
  'a',
  'A',
  'ab',
  'Ab',
  'a%b',
  'a_b',
  'a\\b',
  'a"b',
  "a'b",
  'a, "b',
  'É',
  'é',
  'e\u0301',
  'Σας',
  'ΣΑΣ',
  'İ',
  'i',
  'ß',
  'ẞ',
  'Ж',
  'ж',
  '日本',
  '😀',
  'pro',
  'PRO',
  'null',
  'true',
  '5',
  '5.0',
  '-1e309',
  ' a ',
  '2026-03-01',
  '2026-03-01T12:00:00Z',
  '2026-03-01T12:00:00.000Z',
  '2026-03-01T12:00:00.0001Z',
  '2026-02-28T12:00:00.5Z',
  '2026-02-10T10:00:10Z',
  '2026-02-10T10:00:01Z',
  '2026-03-01T12:00:00+02:00',
  '2026-99-99T99:99:99Z',
  'infinity',
  'now',
];

export const numbers = [0, -0.5, 1, 5, 5.5, 31, -31, 1e15, 1e-7, 1e300, -1e300, 9007199254740991];

export const keys = ['plan', 'age', 'PLAN', 'naïve', 'a"b', "a'b", 'a.b', '0', 'x y', '__proto__', 'constructor'];

export const eventNames = ['Paid', 'paid', 'Opened app', 'Ж', 'a%b', 'ΑΣ', 'ας', 'İ'];

export const platforms = ['android', 'ios'] as const;

const ids = Array.from({ length: 4 }, (_, index) => rowId(index + 1));
export const listIds = ids;
export const segmentIds = ids;

/** A random user with all data that a filter can refer to. @param place its position, which determines its id. */
export function somebody(choices: Choices, place: number): UserFacts {
  const { below, percent, of } = choices;
  const maybe = <Value>(values: readonly Value[]) => (percent(30) ? null : of(values));
  const value = () => (percent(40) ? of(texts) : percent(50) ? of(numbers) : percent(50));
  const attributes = () => {
    const entries = Array.from({ length: below(5) }, () => [of(keys), value()] as const);
    // `Object.fromEntries` defines `__proto__` as an own property.
    return Object.fromEntries(entries);
  };
  const event = (): EventFacts => ({
    name: of(eventNames),
    value: percent(40) ? null : value(),
    properties: attributes(),
    timestamp: Date.parse(of(instants)),
  });
  const some = <Value>(values: readonly Value[]) => values.filter(() => percent(30));
  return {
    user: {
      id: rowId(1000 + place),
      uid: percent(50) ? `${of(texts.slice(1))}${place}` : `u${place}`,
      uidUpdateable: percent(50),
      firstName: maybe(texts),
      lastName: maybe(texts),
      number: maybe(['+2348012345678', '+33612345678', '5']),
      email: maybe(['a@b', 'A@B', 'ab@example.com', 'É@é', ...texts]),
      isAccount: percent(50),
      timeZone: maybe(['Africa/Lagos', 'Europe/Paris']),
      appVersion: maybe(['3.1.0', '3.10']),
      appBuild: maybe(['3001', '5']),
      appLastActiveAt: maybe(instants),
      meta: attributes(),
      createdAt: of(instants),
      updatedAt: of(instants),
    },
    devices: Array.from({ length: below(3) }, () => ({ platform: of(platforms), lastSeenAt: of(instants) })),
    lists: some(listIds).map((listId) => ({ listId, subscribed: percent(50), joinedAt: of(instants) })),
    segments: some(segmentIds).map((segmentId) => ({ segmentId, suppressed: percent(50) })),
    events: Array.from({ length: percent(50) ? 0 : below(8) }, event),
  };
}

/** Inserts people into a workspace, with the lists and segments that they belong to. */
export async function insertPeople({ db, workspaceId }: Place, people: readonly UserFacts[]): Promise<void> {
  const users = people.map(({ user }) => user);
  const of = <Row extends object>(rowsOf: (facts: UserFacts) => readonly Row[]) =>
    JSON.stringify(people.flatMap((facts) => rowsOf(facts).map((row) => ({ ...row, userId: facts.user.id }))));
  const rows = (json: string, columns: string) =>
    Prisma.sql`jsonb_to_recordset(${json}::jsonb) AS row(${Prisma.raw(columns)})`;
  const workspace = Prisma.sql`${workspaceId}::uuid`;
  await db.$executeRaw`
    INSERT INTO users (workspace_id, id, uid, uid_updateable, first_name, last_name, number, email, is_account, time_zone,
      app_version, app_build, app_last_active_at, meta, created_at, updated_at)
    SELECT ${workspace}, id, uid, "uidUpdateable", "firstName", "lastName", number, email, "isAccount", "timeZone",
      "appVersion", "appBuild", "appLastActiveAt", meta, "createdAt", "updatedAt"
    FROM ${rows(
      JSON.stringify(users),
      `id uuid, uid text, "uidUpdateable" boolean, "firstName" text, "lastName" text, number text, email text,
      "isAccount" boolean, "timeZone" text, "appVersion" text, "appBuild" text, "appLastActiveAt" timestamptz, meta jsonb,
      "createdAt" timestamptz, "updatedAt" timestamptz`,
    )}`;
  await db.$executeRaw`
    INSERT INTO devices (workspace_id, token, user_id, platform, last_seen_at)
    SELECT ${workspace}, gen_random_uuid()::text, "userId", platform, "lastSeenAt"
    FROM ${rows(
      of(({ devices }) => devices),
      '"userId" uuid, platform device_platform, "lastSeenAt" timestamptz',
    )}`;
  await db.$executeRaw`
    INSERT INTO lists (workspace_id, id, title, created_at)
    SELECT ${workspace}, id, 'A list', now() FROM unnest(${listIds}::uuid[]) AS id ON CONFLICT DO NOTHING`;
  await db.$executeRaw`
    INSERT INTO list_memberships (workspace_id, list_id, user_id, subscribed, joined_at)
    SELECT ${workspace}, "listId", "userId", subscribed, "joinedAt"
    FROM ${rows(
      of(({ lists }) => lists),
      '"userId" uuid, "listId" uuid, subscribed boolean, "joinedAt" timestamptz',
    )}`;
  await db.$executeRaw`
    INSERT INTO segments (workspace_id, id, name, created_at, definition_id)
    SELECT ${workspace}, id, 'A segment', now(), id FROM unnest(${segmentIds}::uuid[]) AS id ON CONFLICT DO NOTHING`;
  await db.$executeRaw`
    INSERT INTO segment_memberships (workspace_id, segment_id, definition_id, user_id, suppressed)
    SELECT ${workspace}, "segmentId", "segmentId", "userId", suppressed
    FROM ${rows(
      of(({ segments }) => segments),
      '"userId" uuid, "segmentId" uuid, suppressed boolean',
    )}`;
  await db.$executeRaw`
    INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
    SELECT ${workspace}, gen_random_uuid(), "userId", name, nullif(value, 'null'), properties, timestamp
    FROM ${rows(
      of(({ events }) => events.map((event) => ({ ...event, timestamp: new Date(event.timestamp) }))),
      '"userId" uuid, name text, value jsonb, properties jsonb, timestamp timestamptz',
    )}`;
}

/** Gives people their attributes, which are those of others until then. */
async function exchangeAttributes({ db, workspaceId }: Place, people: readonly UserFacts[]): Promise<void> {
  const rows = JSON.stringify(people.map(({ user: { id, meta } }) => ({ id, meta })));
  await db.$executeRaw`
    UPDATE users SET meta = row.meta FROM jsonb_to_recordset(${rows}::jsonb) AS row(id uuid, meta jsonb)
    WHERE users.workspace_id = ${workspaceId}::uuid AND users.id = row.id`;
}

/**
 * Starts an app before the tests of a file, with people in its workspace, and with declared attributes: the first half of the people
 * is there before they are declared, and the attributes of all change while the values are stored.
 * @param hasAllIndexes with all indexes that filters can use, in a database of its own.
 */
export function usePeople({
  seed,
  count,
  hasAllIndexes = false,
}: {
  seed: number;
  count: number;
  hasAllIndexes?: boolean;
}) {
  const choices = choicesOf(seed);
  const people = Array.from({ length: count }, (_, place) => somebody(choices, place));
  let app: Awaited<ReturnType<typeof startApp>>;
  beforeAll(async () => {
    app = await startApp({ ownDatabase: hasAllIndexes });
    const before = people.map((facts, place) => {
      const { meta } = people[(place + 1) % count]?.user ?? facts.user;
      return { ...facts, user: { ...facts.user, meta } };
    });
    await insertPeople(app, before.slice(0, count / 2));
    await declareAll(app, declaredTypes);
    await insertPeople(app, before.slice(count / 2));
    for (let step = 0; step < 6; step += 1) await advanceDeclaration(app.db, { stepSize: 10 });
    await exchangeAttributes(app, people);
    await storeValues(app);
    if (hasAllIndexes) await createAllIndexes(app.db);
  });
  afterAll(() => app[Symbol.asyncDispose]());
  return {
    people: people as readonly UserFacts[],
    get app() {
      return app;
    },
  };
}
