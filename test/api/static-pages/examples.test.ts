import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { demoCredentials } from '../../../src/dev/demo-data.ts';
import { defaultHeaders, type Example, readExamples } from '../../../src/static-pages/graphiql.ts';
import { startGraphiQL } from '../../kit/graphiql.ts';

const headers = defaultHeaders(demoCredentials);
const examples = await readExamples();

function exampleOf(operation: string): Example {
  const example = examples.find(({ query }) => query.includes(` ${operation}(`));
  if (!example) throw new Error(`There is no example ${operation}.`);
  return example;
}

/** A response with data that is not a typed error. */
const success = { data: expect.toSatisfy((data) => Object.values(data).every((field) => isSuccess(field))) };
const isSuccess = (field: unknown) => typeof field === 'object' && field !== null && !('code' in field);

describe('The example operations on the demo data', () => {
  it('succeed in the order of the tabs, twice', async () => {
    await using gateway = await startGraphiQL({ graphiql: false, demo: true });
    for (const example of [...examples, ...examples])
      expect(await gateway.play({ ...example, headers })).toEqual(success);
  });

  it.each(examples.map((example, index) => [index + 1, example] as const).slice(0, -1))(
    'succeed if tab %i is executed first',
    async (_number, example) => {
      await using gateway = await startGraphiQL({ graphiql: false, demo: true });
      expect(await gateway.play({ ...example, headers })).toEqual(success);
    },
  );

  it('return typed errors for an unknown user and for a uid that is taken', async () => {
    await using gateway = await startGraphiQL({ graphiql: false, demo: true });
    const [create, deletion] = [exampleOf('CreateUser'), exampleOf('DeleteUser')];
    expect(await gateway.play({ ...deletion, headers })).toMatchObject({ data: { deleteUser: { code: 'NOT_FOUND' } } });
    await gateway.play({ ...create, headers });
    expect(await gateway.play({ ...create, headers })).toMatchObject({ data: { createUser: { code: 'UID_TAKEN' } } });
  });

  it.each(['FilterUsers', 'FilterByEvents', 'NestedFilter'])('%s finds some of the users', async (operation) => {
    await using gateway = await startGraphiQL({ graphiql: false, demo: true });
    const answer = z.object({ data: z.object({ users: z.object({ totalCount: z.int() }) }) });
    const { data } = answer.parse(await gateway.play({ ...exampleOf(operation), headers }));
    expect(data.users.totalCount).toBeGreaterThan(3);
    expect(data.users.totalCount).toBeLessThan(200);
  });

  it('show a user with all relations', async () => {
    await using gateway = await startGraphiQL({ graphiql: false, demo: true });
    const nonEmpty = expect.toSatisfy((items) => items.length > 0);
    expect(await gateway.play({ ...exampleOf('UserWithEverything'), headers })).toMatchObject({
      data: { user: { meta: {}, devices: nonEmpty, lists: nonEmpty, segments: nonEmpty, events: { nodes: nonEmpty } } },
    });
  });
});
