import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { rootOperations } from '../../kit/root-operations.ts';
import { namesOf } from '../../kit/strangers/names.ts';
import { rowsOf, seedAll } from '../../kit/strangers/seed-all.ts';
import { rootFields } from '../../kit/walk-schema.ts';

const OWN = 111;
const THEIRS = 222;
const MISSING = 333;

it.each(rootFields.map(({ coordinate }) => coordinate))(
  '%s answers about what another workspace has as about what nobody has, and leaves it alone',
  async (coordinate) => {
    await using app = await startApp();
    const stranger = { db: app.db, workspaceId: app.stranger.workspaceId };
    await seedAll(app, OWN);
    await seedAll(stranger, THEIRS);
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
