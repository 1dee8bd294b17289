import { expect, it } from 'vitest';
import { startApp } from '../kit/app.ts';
import { rootOperations } from '../kit/root-operations.ts';
import { type Place, seedDevices, seedEvents, seedListMembers, seedSegmentMembers } from '../kit/seed-rows.ts';
import { namesOf } from '../kit/strangers/names.ts';
import { rootFields } from '../kit/walk-schema.ts';

/** Puts one of everything. */
async function seed(place: Place, number: number): Promise<void> {
  await seedListMembers(place, number, [number]);
  await seedSegmentMembers(place, number, [number]);
  await seedEvents(place, number, [number], `Event ${number}`);
  await seedDevices(place, [number]);
}

const tables = [
  'users',
  'devices',
  'lists',
  'list_memberships',
  'segments',
  'segment_memberships',
  'events',
  'audit_entries',
  'idempotency_keys',
];

/** Every row of a workspace, as text. */
async function rowsOf({ db, workspaceId }: Place): Promise<string[]> {
  const ofTables = tables.map((table) =>
    db.$queryRawUnsafe<{ row: string }[]>(
      `SELECT t::text AS row FROM ${table} t WHERE workspace_id = $1::uuid ORDER BY 1`,
      workspaceId,
    ),
  );
  return (await Promise.all(ofTables)).flat().map(({ row }) => row);
}

const OWN = 111;
const THEIRS = 222;
const MISSING = 333;

it.each(rootFields.map(({ coordinate }) => coordinate))(
  '%s answers about what another workspace has as about what nobody has, and leaves it alone',
  async (coordinate) => {
    await using app = await startApp();
    const stranger = { db: app.db, workspaceId: app.stranger.workspaceId };
    await seed(app, OWN);
    await seed(stranger, THEIRS);
    const before = await rowsOf(stranger);

    /** The answers, with the names of what was asked about blotted out. */
    async function answersAbout(number: number): Promise<string> {
      const names = namesOf(number);
      const operations = rootOperations(names, namesOf(OWN))[coordinate];
      expect(operations, 'a new field needs its operations in test/kit/root-operations.ts').toBeDefined();
      const answers: unknown[] = [];
      for (const { document, variables } of operations ?? []) {
        const { status, data, errors } = await app.send(document, variables);
        answers.push({ status, data, errors });
      }
      return Object.values(names).reduce((text, name) => text.replaceAll(name, '…'), JSON.stringify(answers));
    }

    const aboutTheirs = await answersAbout(THEIRS);
    expect(aboutTheirs).toBe(await answersAbout(MISSING));
    expect(aboutTheirs).not.toContain(String(THEIRS));
    expect(aboutTheirs).not.toContain('errors":[');
    expect(await rowsOf(stranger)).toEqual(before);
  },
);
