import type { Device, DevicePlatform } from '../../domain/devices/device.ts';
import { builder } from './builder.ts';
import { selectedFields } from '../loaders/selected-fields.ts';
import { UserType } from './users.ts';

const DevicePlatformType = builder.enumType('DevicePlatform', {
  description: 'What a device runs on.',
  values: {
    ANDROID: { value: 'android', description: 'Android; messages go through Firebase.' },
    IOS: { value: 'ios', description: 'iOS and iPadOS; messages go through Apple.' },
  } as const satisfies { [Platform in DevicePlatform as Uppercase<Platform>]: { value: Platform; description: string } },
});

const DeviceType = builder.objectRef<Device>('Device').implement({
  description: 'A phone or tablet on which a user takes push messages.',
  requiresScopes: ['users:read'],
  fields: (t) => ({
    token: t.exposeString('token', { description: 'The push service’s registration token.' }),
    platform: t.expose('platform', { type: DevicePlatformType, description: 'What it runs on.' }),
    lastSeenAt: t.expose('lastSeenAt', { type: 'DateTime', description: 'When its token was last sent here.' }),
  }),
});

/** A device of an input. */
export const DeviceInput = builder.inputType('DeviceInput', {
  description: 'A device to register for push messages.',
  fields: (t) => ({
    token: t.string({
      required: true,
      description: 'The push service’s registration token: visible ASCII, at most 1024.',
    }),
    platform: t.field({ type: DevicePlatformType, required: true, description: 'What it runs on.' }),
  }),
});

builder.objectField(UserType, 'devices', (t) =>
  t.field({
    type: [DeviceType],
    description: 'The devices seen last, newest first, at most 5.',
    resolve: (user, _args, { loaders }, info) => loaders.devices(user.id, selectedFields(info)),
  }),
);
