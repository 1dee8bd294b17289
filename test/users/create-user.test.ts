import { expect, it } from 'vitest';
import { graphql } from '../generated/gql.ts';
import { startApp } from '../kit/app.ts';

const CreateUser = graphql(`
  mutation CreateUser($input: CreateUserInput!) {
    createUser(input: $input) {
      ... on CreateUserPayload { user { id uid meta } }
      ... on Error { code message }
    }
  }
`);

it('refuses a uid in use', async () => {
  await using app = await startApp();
  await app.run(CreateUser, { input: { uid: 'u144' } });
  expect(await app.run(CreateUser, { input: { uid: 'u144' } })).toMatchObject({ createUser: { code: 'UID_TAKEN' } });
});
