import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { rootOperations } from '../../kit/root-operations.ts';
import { namesOf } from '../../kit/strangers/names.ts';
import { rowsOf, seedAll } from '../../kit/strangers/seed-all.ts';
import { rootFields } from '../../kit/walk-schema.ts';

/** Numbers of rows: of the caller's workspace, of another workspace, and of none. */
const OWN = 111;
const FOREIGN = 222;
const MISSING = 333;

it.each(rootFields.map(({ coordinate }) => coordinate))(
  '%s returns the same for a row of another workspace as for a row that does not exist, and does not change it',
  async (coordinate) => {
    await using app = await startApp();
    const stranger = { db: app.db, workspaceId: app.stranger.workspaceId };
    await seedAll(app, OWN);
    await seedAll(stranger, FOREIGN);
    const before = await rowsOf(stranger);

    /** Sends the field's operations about a row, and returns the responses with the row's names removed. */
    async function responsesAbout(number: number): Promise<string> {
      const names = namesOf(number);
      const operations = rootOperations(names, namesOf(OWN))[coordinate];
      expect(operations, `${coordinate} has no operations. Add some in test/kit/root-operations.ts.`).toBeDefined();
      const responses: unknown[] = [];
      for (const { document, variables } of operations ?? []) {
        const { status, data, errors } = await app.send(document, variables);
        responses.push({ status, data, errors });
      }
      return Object.values(names).reduce((text, name) => text.replaceAll(name, '…'), JSON.stringify(responses));
    }

    const aboutForeign = await responsesAbout(FOREIGN);
    expect(aboutForeign).toBe(await responsesAbout(MISSING));
    expect(aboutForeign).not.toContain(String(FOREIGN));
    expect(aboutForeign).not.toContain('errors":[');
    expect(await rowsOf(stranger)).toEqual(before);
  },
);
