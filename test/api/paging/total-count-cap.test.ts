import { expect, it } from 'vitest';
import { graphql } from '../../generated/gql.ts';
import { startApp } from '../../kit/app.ts';
import { rowGlobalId, seedEvents, tens } from '../../kit/seed-rows.ts';

const CountEvents = graphql(`
  query CountEvents($user: ID!) {
    node(id: $user) { ... on User { events { totalCount totalCountIsCapped } } }
  }
`);

it('counts exactly up to 25,000 rows, and no further', async () => {
  await using app = await startApp();
  const user = rowGlobalId('User', 1);
  await seedEvents(app, 1, tens(25_000));
  const exactly = { totalCount: 25_000, totalCountIsCapped: false };
  expect(await app.run(CountEvents, { user })).toEqual({ node: { events: exactly } });
  await seedEvents(app, 1, [5]);
  const capped = { totalCount: 25_000, totalCountIsCapped: true };
  expect(await app.run(CountEvents, { user })).toEqual({ node: { events: capped } });
});
