import { expect, it } from 'vitest';
import { newUser, userUpdate } from '../../../src/domain/users/inputs.ts';
import { userColumns } from '../../../src/domain/users/user.ts';
import { createBody, updateBody } from '../../../src/rest/schemas.ts';
import { userObject } from '../../../src/rest/users.ts';

/** Names in REST that are not the snake case of the domain's. */
const OTHER_NAMES: Readonly<Record<string, string>> = { timeZone: 'tz', appLastActiveAt: 'app_last_active' };

/** The REST name of a domain field. */
const toRestName = (name: string) =>
  OTHER_NAMES[name] ?? name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Fields with other names in REST (`id`, `lists`, `device_token`), in headers, or without a counterpart. */
const OTHER_INPUTS = ['uid', 'newUid', 'device', 'listIds', 'idempotencyKey', 'removeMeta'];

/** Columns that the user object of the REST reference does not have. */
const OTHER_COLUMNS = ['updatedAt'];

const inputs = (fields: object) => Object.keys(fields).filter((name) => !OTHER_INPUTS.includes(name));
const columns = Object.keys(userColumns.expressions).filter((name) => !OTHER_COLUMNS.includes(name));

it.each([
  ['createBody', inputs(newUser.shape), createBody.shape],
  ['updateBody', inputs(userUpdate.shape), updateBody.shape],
])('%s has every profile field of the domain', (body, fields, shape) => {
  const advice = `${body} lacks a field. Add it to profile, profileSchemas and readProfile in src/rest/schemas.ts.`;
  expect(Object.keys(shape), advice).toEqual(expect.arrayContaining(fields.map(toRestName)));
});

it('the user object has every column of a user', () => {
  const advice = `The user object lacks a field. Add it to userObject, readUserObjects and sentFields in src/rest/users.ts.`;
  expect(Object.keys(userObject.shape), advice).toEqual(expect.arrayContaining(columns.map(toRestName)));
});
