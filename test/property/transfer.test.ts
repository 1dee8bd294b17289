import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { expect, it } from 'vitest';
import type { z } from 'zod';
import type { Prisma } from '../../src/db/generated/client.ts';
import { newEvent } from '../../src/domain/events/inputs.ts';
import { scopes } from '../../src/domain/shared/scopes.ts';
import { exportRecords } from '../../src/domain/transfer/export.ts';
import { type ExportType, exportTypes } from '../../src/domain/transfer/export-fields.ts';
import { type ExportFormat, exportFormats } from '../../src/domain/transfer/export-formats.ts';
import type { ImportKind } from '../../src/domain/transfer/fields.ts';
import { runImport } from '../../src/domain/transfer/import.ts';
import { createJob, takeJob } from '../../src/domain/transfer/jobs.ts';
import { openImport } from '../../src/domain/transfer/open.ts';
import { Pace } from '../../src/domain/transfer/pace.ts';
import { importedList } from '../../src/domain/transfer/write-lists.ts';
import { createWorkspace } from '../../src/domain/workspaces/workspaces.ts';
import { actorOf } from '../kit/actor.ts';
import { startApp } from '../kit/app.ts';
import { casesOf } from '../kit/test-size.ts';

// Export is the inverse of import: what is exported and imported into an empty workspace is exported as the same bytes.

const app = await startApp();
const { db } = app;

/** Texts that CSV, JSON or JavaScript treat specially, or that look like values of other types. */
const oddTexts = [
  ...['', ' ', ' both ', '"', '""', 'say "hi"', ',', ';', 'a\tb', '\n', 'two\nlines', 'two\r\nlines', '\r', '\\', "'"],
  ...['true', '0', '-1', '007', '1.5', '1e5', 'null', '[]', '{"a":1}', '2021-01-12', '31.12.2025', '+49', '=1+1', '@x'],
  ...['é', 'e\u0301', '日本', '😀', '\ufeff', '\u2028', '\u0001', 'İ', '\ud7ff', '\uffff'],
];
const oddKeys = [
  ...['__proto__', 'constructor', 'toString', 'a:b', 'a:number', ':', 'a.b', '.', 'meta.x', 'uid', '1', '10', '2'],
  ...['A', 'a', ' a', 'a ', 'a b', 'a_b', 'a-b', '"', ',', ';', '|', 'a\nb', '\r', '\t', 'ключ', '😀', '\ufeff'],
];

const text = (maxLength: number) =>
  fc.oneof(
    fc.constantFrom(...oddTexts),
    fc.string({ unit: 'binary', maxLength }).filter((value) => !value.includes('\0')),
  );

const key = fc.oneof(
  fc.constantFrom(...oddKeys),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).filter((value) => !value.includes('\0')),
);

/** Numbers that the API accepts. */
const number = fc.oneof(
  fc.constantFrom(0, -0, 0.1, -1.5, 1e-7, 5e-324, 1.7976931348623157e-300, 2 ** 53 - 1, -(2 ** 53) + 1),
  fc.integer(),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value)),
);

const value = fc.oneof(text(12), number, fc.boolean());

const attributes = fc
  .array(fc.tuple(key, value), { maxLength: 6 })
  // Not by assignment: a key can be `__proto__`.
  .map((entries): Record<string, string | number | boolean> => Object.fromEntries(entries));

const instant = fc.oneof(
  fc.constantFrom('2021-01-12T05:24:39.062Z', '2026-01-01T00:00:00.000Z', '0001-01-01T00:00:00.000Z'),
  fc
    .date({ min: new Date('1900-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
    .map((date) => date.toISOString()),
);

const printable = fc.constantFrom('', '1.2', '=1+1', 'a, b', '"x"', ' 7 ', 'ü');

/** The values that the API accepts, and stores as they are. */
const valid = <Value>(schema: z.ZodType, values: fc.Arbitrary<Value>) =>
  values.filter((each) => schema.safeParse(each).data === each);

const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: null });

const user = fc.record({
  uid: fc.constantFrom('u', 'ü', '日本 ', '=', 'a b', 'x,"y"', '😀', '007', 'null'),
  email: optional(fc.constantFrom('ada@example.com', 'b"o,b@example.com')),
  uidUpdateable: fc.boolean(),
  firstName: optional(text(12)),
  lastName: optional(text(12)),
  number: optional(fc.constantFrom('+2348012345678', '+4915112345678')),
  isAccount: fc.boolean(),
  timeZone: optional(fc.constantFrom('Africa/Lagos', 'UTC')),
  appVersion: optional(printable),
  appBuild: optional(printable),
  appLastActiveAt: optional(instant),
  createdAt: instant,
  meta: attributes,
  devices: fc.array(fc.record({ platform: fc.constantFrom('android', 'ios'), at: instant, micros: fc.nat(999) }), {
    maxLength: 5,
  }),
  /** By the place of the list. */
  lists: fc.uniqueArray(fc.record({ list: fc.nat(2), subscribed: fc.boolean(), joinedAt: instant }), {
    selector: ({ list }) => list,
  }),
});

const workspace = fc.record({
  users: fc.array(user, { maxLength: 8 }),
  lists: fc.array(
    fc.record({
      title: valid(importedList.shape.title, text(12)),
      description: optional(valid(importedList.shape.description, text(12))),
      createdAt: instant,
      archivedAt: optional(instant),
    }),
    { minLength: 3, maxLength: 3 },
  ),
  events: fc.array(
    fc.record({
      user: fc.nat(),
      name: valid(newEvent.shape.name, text(12)),
      value: optional(value),
      properties: attributes,
      timestamp: instant,
    }),
    { maxLength: 12 },
  ),
});

type GeneratedWorkspace = typeof workspace extends fc.Arbitrary<infer Value> ? Value : never;

/** Inserts the rows of a workspace. @returns its id. */
async function insert({ users, lists, events }: GeneratedWorkspace): Promise<string> {
  const { id: workspaceId } = await createWorkspace(db, 'Source');
  const listRows = lists.map((list) => ({ ...list, workspaceId, id: uuidv7() }));
  await db.list.createMany({ data: listRows });
  const userRows = users.map(({ devices: _, lists: _lists, uid, ...fields }, place) => {
    // Those of users without a uid of the application are their addresses, which are then unique.
    const isImported = fields.uidUpdateable && fields.email !== null;
    // Others can have the same address.
    const email = fields.email && `${isImported ? place : Math.max(place - 1, 0)}${fields.email}`;
    const row = { ...fields, email, uidUpdateable: isImported, uid: isImported ? `${email}` : `${uid}${place}` };
    return { ...row, workspaceId, id: uuidv7(), updatedAt: new Date() };
  });
  await db.user.createMany({ data: userRows });
  const idOf = (place: number) => userRows[place]?.id ?? '';
  await db.listMembership.createMany({
    data: users.flatMap((each, place) =>
      each.lists.map(({ list, ...row }) => ({
        ...row,
        workspaceId,
        userId: idOf(place),
        listId: listRows[list]?.id ?? '',
      })),
    ),
  });
  for (const [place, { devices }] of users.entries()) {
    for (const [number, { platform, at, micros }] of devices.entries()) {
      const seenAt = at.replace('Z', `${String(micros).padStart(3, '0')}Z`);
      await db.$executeRaw`
        INSERT INTO devices (workspace_id, token, user_id, platform, last_seen_at)
        VALUES (${workspaceId}::uuid, ${`token-${place}-${number}`}, ${idOf(place)}::uuid,
          ${platform}::device_platform, ${seenAt}::timestamptz)`;
    }
  }
  if (users.length === 0) return workspaceId;
  const eventRows = events.map(({ user: place, value: stored, ...fields }): Prisma.EventCreateManyInput => {
    const row = { ...fields, workspaceId, id: uuidv7(), userId: idOf(place % users.length) };
    return stored === null ? row : { ...row, value: stored };
  });
  await db.event.createMany({ data: eventRows });
  return workspaceId;
}

async function exportAll(workspaceId: string, type: ExportType, format: ExportFormat): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of exportRecords(db, workspaceId, { type, format })) parts.push(part);
  return Buffer.concat(parts);
}

const importKinds = { users: 'importUsers', events: 'importEvents', lists: 'importLists' } as const;

/** Imports a file, all of whose records must be valid. */
async function importAll(workspaceId: string, kind: ImportKind, bytes: Buffer): Promise<void> {
  const owner = randomUUID();
  const created = await createJob(db, actorOf({ workspaceId }, 'test', ...scopes), {
    kind,
    state: 'waiting',
    options: {},
  });
  const job = created && (await takeJob(db, created, owner));
  if (!job) throw new Error('The job was not created.');
  async function* source() {
    yield bytes;
  }
  const file = await openImport(kind, source(), {});
  const rejected: string[] = [];
  const rejects = { write: async (_: unknown, lines: Buffer) => void rejected.push(lines.toString()) };
  await runImport(db, job, owner, { file, rejects, pace: new Pace(db, { chunk: 5 }) });
  expect(rejected).toEqual([]);
}

/** Lists first, since users refer to them; events last. */
const order = ['lists', 'users', 'events'] as const satisfies readonly ExportType[];

it.each(exportFormats)('exports the same bytes after an import into an empty workspace: %s', async (format) => {
  expect([...order].sort()).toEqual([...exportTypes].sort());
  const property = fc.asyncProperty(workspace, async (generated) => {
    const source = await insert(generated);
    const { id: copy } = await createWorkspace(db, 'Copy');
    for (const type of order) {
      const bytes = await exportAll(source, type, format);
      if (bytes.length > 0) await importAll(copy, importKinds[type], bytes);
      expect((await exportAll(copy, type, format)).toString()).toBe(bytes.toString());
    }
  });
  await fc.assert(property, { numRuns: casesOf(200), seed: 1 });
});
