import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';

const create = (head: string, meta: string) =>
  `mutation ${head} { createUser(input: { uid: "a", meta: ${meta} }) { ... on CreateUserPayload { user { meta } } } }`;

it('accepts literals, and variables in literals', async () => {
  await using app = await startApp();
  const text = create('($plan: String!, $left: String)', '{ plan: $plan, left: $left, age: 34, big: 1.5, yes: true }');
  expect(await app.send(text, { plan: 'pro', left: 'x' })).toMatchObject({
    data: { createUser: { user: { meta: { plan: 'pro', left: 'x', age: 34, big: 1.5, yes: true } } } },
  });
});

it.each(['{ a: FOO }', 'FOO', '{ a: { b: 1 } }', '{ a: [1] }', '{ a: null }', '[1]', '1', '"x"'])(
  'rejects %s',
  async (literal) => {
    await using app = await startApp();
    expect(await app.send(create('', literal))).toMatchObject({
      errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
    });
    expect(await app.db.user.count()).toBe(0);
  },
);

it('rejects an invalid variable in a literal during execution', async () => {
  await using app = await startApp();
  const text = create('($meta: Attributes)', '{ a: $meta }');
  expect(await app.send(text, { meta: { b: 1 } })).toMatchObject({
    errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
  });
});
