import type { z } from 'zod';
import type { NewEvent } from '../domain/events/inputs.ts';
import type { NewUser, UserUpdate } from '../domain/users/inputs.ts';
import type { createBody, eventBody, Profile, updateBody } from './inputs.ts';

const deviceOf = ({ device_token: token, device_platform: platform }: Profile) =>
  token != null && platform != null ? { token, platform } : undefined;

const profileOf = (body: Profile) => ({
  firstName: body.first_name,
  lastName: body.last_name,
  number: body.number,
  email: body.email,
  meta: body.meta,
  device: deviceOf(body),
});

/** A creation in the domain's words. */
export const toNewUser = ({ id, lists, created_at, ...body }: z.output<typeof createBody>): NewUser => ({
  uid: id,
  ...profileOf(body),
  listIds: lists,
  createdAt: created_at,
});

/** An update in the domain's words. */
export const toUserUpdate = (uid: string, { created_at, ...body }: z.output<typeof updateBody>): UserUpdate => ({
  uid,
  ...profileOf(body),
  createdAt: created_at,
});

/** An event in the domain's words. */
export const toNewEvent = (uid: string, { event, ...body }: z.output<typeof eventBody>): NewEvent => ({
  uid,
  name: event,
  ...body,
});
