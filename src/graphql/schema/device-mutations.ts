import { z } from 'zod';
import { removeDevice } from '../../domain/devices/write.ts';
import { NotFoundError, ValidationError } from '../../domain/shared/errors.ts';
import { deviceToken, uid } from '../../domain/users/inputs.ts';
import { builder } from './builder.ts';

const RemoveDeviceInput = builder
  .inputType('RemoveDeviceInput', {
    description: 'Which device to take from which user.',
    fields: (t) => ({
      uid: t.string({ required: true, description: 'The user’s uid.' }),
      token: t.string({ required: true, description: 'The device’s token.' }),
    }),
  })
  .validate(z.object({ uid, token: deviceToken }));

const RemoveDevicePayload = builder.objectRef<{ token: string }>('RemoveDevicePayload').implement({
  description: 'The device was removed. Without `users:read`: it was removed if the user had it.',
  fields: (t) => ({ removedToken: t.exposeString('token', { description: 'The token that was sent.' }) }),
});

builder.mutationField('removeDevice', (t) =>
  t.field({
    type: RemoveDevicePayload,
    description: `Removes a device from a user, as at sign-out. Callers without \`users:read\`, such as a public key alone, get the
same payload where there is no such user or device.`,
    requiresScopes: ['users:identify'],
    errors: {
      types: [ValidationError, NotFoundError],
      union: {
        description:
          'A removed device, or why there is none. `NotFoundError` is answered only to callers with `users:read`.',
      },
    },
    args: { input: t.arg({ type: RemoveDeviceInput, required: true, description: 'Which device.' }) },
    resolve: (_root, { input }, { db, viewer }) => removeDevice(db, viewer, input),
  }),
);
