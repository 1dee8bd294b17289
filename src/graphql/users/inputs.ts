import { listIds, newUser, userUpdate } from '../../domain/users/inputs.ts';
import { builder } from '../builder.ts';
import { DeviceInput } from '../devices/device.ts';
import { globalId } from '../global-id.ts';
import { idempotencyKeyField } from '../idempotency-key.ts';

/** What `createUser` takes. */
export const CreateUserInput = builder
  .inputType('CreateUserInput', {
    description: 'A new user. Null counts as left out.',
    fields: (t) => ({
      uid: t.string({
        required: true,
        description: 'Their identifier in your application: 1 to 255 letters and digits.',
      }),
      firstName: t.string({ description: 'At most 255 characters.' }),
      lastName: t.string({ description: 'At most 255 characters.' }),
      number: t.string({ description: 'Phone number in international format, with or without `+`.' }),
      email: t.string({ description: 'One `@`, no spaces, at most 254 characters. Need not be unique.' }),
      device: t.field({ type: DeviceInput, description: 'Their device, for push messages.' }),
      listIds: t.idList({ description: 'Lists to subscribe to at once, without a confirmation; at most 100.' }),
      meta: t.field({ type: 'Attributes', description: 'Further attributes.' }),
      createdAt: t.field({ type: 'DateTime', description: 'When they signed up in your application; now by default.' }),
      idempotencyKey: idempotencyKeyField(t),
    }),
  })
  .validate(newUser.extend({ listIds: listIds(globalId('List')) }));

/** What `updateUser` takes. */
export const UpdateUserInput = builder
  .inputType('UpdateUserInput', {
    description: 'Changes to a user. A field left out is unchanged; null clears it, where it says so.',
    fields: (t) => ({
      uid: t.string({
        required: true,
        description: `The user’s identifier: 1 to 255 visible characters but \`/\`, without white space at either end; in
Unicode normal form C, to which it is normalized. Where nobody has it, the user is created; or, fully authenticated,
the one user with the \`email\` whose uid may still be set gets it.`,
      }),
      newUid: t.string({
        description: 'The uid to give to a user whose `uidUpdateable` is true, once. Requires `users:write`.',
      }),
      firstName: t.string({ description: 'At most 255 characters. Null clears it.' }),
      lastName: t.string({ description: 'At most 255 characters. Null clears it.' }),
      number: t.string({ description: 'Phone number in international format, with or without `+`. Null clears it.' }),
      email: t.string({
        description: 'Null clears it. Changing or clearing the address of a user who has one requires `users:write`.',
      }),
      device: t.field({ type: DeviceInput, description: 'A device to add, or to move to the front. Null adds none.' }),
      meta: t.field({
        type: 'Attributes',
        description: `Attributes to add or replace; those not named stay. Null removes them all. The limits of \`Attributes\`
apply to what callers without \`users:read\` have sent for the user, and separately to all other attributes.`,
      }),
      removeMeta: t.stringList({ description: 'Keys of attributes to remove; unknown ones are ignored.' }),
      createdAt: t.field({ type: 'DateTime', description: 'When they signed up in your application. Not null.' }),
    }),
  })
  .validate(userUpdate);
