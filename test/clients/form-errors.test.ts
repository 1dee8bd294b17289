import { expect, it } from 'vitest';
import { UpdateUser } from '../../examples/clients/documents.ts';
import { formErrors } from '../../examples/clients/form-errors.ts';
import type { UpdateUserInput } from '../../examples/clients/generated/graphql.ts';
import { createUrqlClient } from '../../examples/clients/urql.ts';
import { startListening } from '../kit/listening.ts';

it('shows issues at their fields, and other errors at the form', async () => {
  await using gateway = await startListening();
  const client = createUrqlClient(gateway.url, gateway.owner);
  const update = async (input: UpdateUserInput) => {
    const { data, error } = await client.mutation(UpdateUser, { input });
    if (!data) throw error;
    return formErrors(data.updateUser);
  };
  expect(await update({ uid: 'u1', number: 'none', device: { token: '', platform: 'IOS' } })).toEqual({
    fields: { number: expect.any(String), 'device.token': expect.any(String) },
  });
  expect(await update({ uid: ' a/b\u200b' })).toEqual({ fields: { uid: expect.stringMatching(/(must .+){3}/) } });
  expect(await update({ uid: 'u1', newUid: 'u2' })).toEqual({ fields: {}, form: expect.stringContaining('u1') });
  expect(await update({ uid: 'u1' })).toBeUndefined();
});
