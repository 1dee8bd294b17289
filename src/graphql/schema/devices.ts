import { z } from 'zod';
import { deviceColumns, devicesRead } from '../../domain/devices/device.ts';
import { type RemovedDevice, removeDevice } from '../../domain/devices/write.ts';
import { NotFoundError, ValidationError } from '../../domain/shared/errors.ts';
import { MAX_DEVICE_TOKEN_LENGTH, MAX_DEVICES } from '../../domain/shared/limits.ts';
import { deviceToken, uid } from '../../domain/users/inputs.ts';
import type { DeviceRow } from '../loaders/partial-rows.ts';
import { selectionOf } from '../loaders/selected-fields.ts';
import { builder } from './builder.ts';
import { columns, fromColumns } from './columns-plugin.ts';
import { DevicePlatformType } from './device-platform.ts';
import { encodeDeviceId } from './global-id.ts';
import { UserType, userAfterChange } from './users.ts';

const DeviceType = builder.objectRef<DeviceRow>('Device').implement({
  description: 'A phone or tablet on which a user receives push messages.',
  requiresScopes: ['users:read'],
  row: { columns: deviceColumns, file: 'src/domain/devices/device.ts' },
  fields: (t) => ({
    id: t.id({
      description: `Identifies the device in normalized caches: unique across types, opaque and stable, also if the device moves to another
user. Does not reveal the token. A device is not a \`Node\`.`,
      resolve: fromColumns(['token'], ({ token }, _args, { viewer }) => encodeDeviceId(viewer.workspaceId, token)),
    }),
    token: columns(t).exposeString('token', {
      description: "The device's registration token at the push service. Unique within the workspace.",
    }),
    platform: columns(t).expose('platform', {
      type: DevicePlatformType,
      description: 'The operating system of the device.',
    }),
    lastSeenAt: columns(t).expose('lastSeenAt', {
      type: 'DateTime',
      description: "When the device's token was last registered.",
    }),
  }),
});

const TOKEN_LENGTH = `1 to ${MAX_DEVICE_TOKEN_LENGTH.toLocaleString('en-US')} visible ASCII characters`;

/** The device of an input. */
export const DeviceInput = builder.inputType('DeviceInput', {
  description: 'A device to register for push messages.',
  fields: (t) => ({
    token: t.string({
      required: true,
      description: `The device's registration token at the push service: ${TOKEN_LENGTH}. If another user
has the token, it moves to this user.`,
    }),
    platform: t.field({ type: DevicePlatformType, required: true, description: 'The operating system of the device.' }),
  }),
});

builder.objectField(UserType, 'devices', (t) =>
  t.field({
    type: [DeviceType],
    description: `The user's devices, most recently seen first; at most ${MAX_DEVICES}. Registering one more removes the device
that was seen least recently.`,
    extensions: { related: ({ workspaceId }, _args, info) => devicesRead(workspaceId, selectionOf(info).columns) },
    resolve: fromColumns(
      ['id'],
      (user, _args, { loaders, related }, info) =>
        related.resultOf<readonly DeviceRow[]>(user, user.id, info) ??
        loaders.devices(user.id, selectionOf(info).columns),
    ),
  }),
);

const RemoveDeviceInput = builder
  .inputType('RemoveDeviceInput', {
    description: 'The device to remove.',
    fields: (t) => ({
      uid: t.string({ required: true, description: 'The uid of the user who has the device.' }),
      token: t.string({
        required: true,
        description: `The device's registration token: ${TOKEN_LENGTH}.`,
      }),
    }),
  })
  .validate(z.object({ uid, token: deviceToken }));

const RemoveDevicePayload = builder.objectRef<RemovedDevice>('RemoveDevicePayload').implement({
  description: `The device is removed. Callers without the scope \`users:read\` also receive this payload if the user or the device
does not exist.`,
  fields: (t) => ({
    removedDeviceId: t.id({
      description: 'The `id` of the removed device.',
      resolve: ({ token }, _args, { viewer }) => encodeDeviceId(viewer.workspaceId, token),
    }),
    removedToken: t.exposeString('token', { description: 'The token of the removed device.' }),
    user: userAfterChange(t, ({ userId }) => userId),
  }),
});

builder.mutationField('removeDevice', (t) =>
  t.field({
    type: RemoveDevicePayload,
    description: `Removes a device from a user, for example at sign-out. Callers that also have the scope \`users:read\` receive
\`NotFoundError\` if the user or the device does not exist; other callers receive the same payload as for a device that was
removed.`,
    requiresScopes: ['users:identify'],
    errors: {
      types: [ValidationError, NotFoundError],
      union: {
        description:
          'The result of `removeDevice`. `NotFoundError` is returned only to callers that have the scope `users:read`.',
      },
    },
    args: { input: t.arg({ type: RemoveDeviceInput, required: true, description: 'The device to remove.' }) },
    resolve: (_root, { input }, { db, viewer }) => removeDevice(db, viewer, input),
  }),
);
