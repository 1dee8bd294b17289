import type { DevicePlatform } from '../../domain/devices/device.ts';
import { builder } from './builder.ts';

/** The operating system of a device, also in filters. */
export const DevicePlatformType = builder.enumType('DevicePlatform', {
  description: 'The operating system of a device.',
  values: {
    ANDROID: { value: 'android', description: 'Android. Push messages are sent through Firebase Cloud Messaging.' },
    IOS: {
      value: 'ios',
      description: 'iOS or iPadOS. Push messages are sent through the Apple Push Notification service.',
    },
  } as const satisfies {
    [Platform in DevicePlatform as Uppercase<Platform>]: { value: Platform; description: string };
  },
});
