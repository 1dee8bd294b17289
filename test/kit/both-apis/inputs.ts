import fc from 'fast-check';
import type { ProfileField } from '../../../src/domain/users/profile-fields.ts';
import type { Command } from './apis.ts';
import { lists, type Scene } from './scene.ts';

// Excludes inputs that only one API accepts: numbers as text, dates that are not RFC 3339, attributes of null, a platform without
// a token and unknown keys (REST), a single list id for a list (GraphQL), and the uid "", which changes the path.

const texts = ['Ada', 'Ò', '', 'x'.repeat(255), '😀'.repeat(255)];
const invalidTexts = ['x'.repeat(256), '😀'.repeat(256), 'a\u0000b', '\ud800', 5, true, ['Ada'], {}];
const attributeSets = [
  {},
  { plan: 'pro', age: 34, newsletter: false },
  { ['k'.repeat(64)]: '' },
  JSON.parse('{"__proto__":"x","constructor":1}'),
  Object.fromEntries(Array.from({ length: 60 }, (_, key) => [`a${key}`, key])),
  Object.fromEntries(Array.from({ length: 60 }, (_, key) => [`b${key}`, key])),
  Object.fromEntries(Array.from({ length: 100 }, (_, key) => [`c${key}`, 0.1 * key])),
  { long: 'x'.repeat(16_000) },
];
const invalidAttributes = [
  { plan: {} },
  { plan: ['pro'] },
  { ['k'.repeat(65)]: 1 },
  { '': 1 },
  { 'a\u0000': 1 },
  { plan: 'a\u0000' },
  { plan: '\udfff' },
  { long: 'x'.repeat(16_384) },
  Object.fromEntries(Array.from({ length: 101 }, (_, key) => [`c${key}`, true])),
  [],
  'pro',
  7,
];
const dates = [
  '2021-01-12T05:24:39.062+00:00',
  '2020-05-30T09:30:10Z',
  '2020-05-30T09:30:10.123456Z',
  '2019-12-31T23:30:00-05:30',
  '0001-01-01T00:00:00.000Z',
  '9999-12-31T23:59:59.999Z',
];
const invalidDates = [
  '2021-02-30T00:00:00Z',
  '0000-12-31T23:59:59Z',
  '9999-12-31T23:59:59-01:00',
  '0001-01-01T00:00:00+01:00',
  '2021-01-12T25:00:00Z',
  'yesterday',
  '',
  true,
];
const uids = ['u1', 'u2', 'U1', 'a'.repeat(255), 'ada@example.com', 'import3'];
const invalidUids = ['a'.repeat(256), 'a/b', 'a\u0000', 'a\nb', 'ö/'];
const emails = ['ada@example.com', 'bo@example.com', 'Ada@example.com', `${'a'.repeat(248)}@a.com`];
const invalidEmails = ['ada', 'a@b@c', 'a b@example.com', '', `${'a'.repeat(249)}@a.com`, 5];
const numbers = ['+2348012345678', '2348012345678', '+1 (202) 555-0143', '447911123456'];
const invalidNumbers = ['12', 'phone', '', '+'.repeat(70), '08012345678x'];
const tokens = ['token0', 'token1', 'token2', 'token3', 'token4', 'token5', 'token6', '~'.repeat(1024)];
const invalidTokens = ['~'.repeat(1025), 'a b', 'ö'];

const timeZones = ['Africa/Lagos', 'Asia/Kolkata', 'US/Pacific', 'UTC', 'Etc/GMT+5'];
const invalidTimeZones = ['', '+01:00', 'Lagos', 'Africa/Lagos ', 'x'.repeat(300), 'a\u0000', 5, true];
const versions = ['3.1.0', '', '3.1.0-rc.1 (build 7)', 'x'.repeat(64)];
const invalidVersions = ['x'.repeat(65), 'a\nb', 'a\u0000', true, ['3'], {}];

const of = (values: readonly unknown[]) => fc.constantFrom(...values);

/** Valid values (or null), and invalid ones. */
interface Values {
  valid: fc.Arbitrary<unknown>;
  invalid: fc.Arbitrary<unknown>;
}

const nullable = (values: fc.Arbitrary<unknown>) => fc.option(values, { freq: 6 });

const device = (token: readonly unknown[], platform: readonly unknown[]) =>
  fc.record({ token: of(token), platform: of(platform) }, { requiredKeys: ['token'] });

const fields = {
  firstName: { valid: nullable(of(texts)), invalid: of(invalidTexts) },
  lastName: { valid: nullable(fc.string({ unit: 'grapheme', maxLength: 20 })), invalid: of(invalidTexts) },
  number: { valid: nullable(of(numbers)), invalid: of(invalidNumbers) },
  email: { valid: nullable(of(emails)), invalid: of(invalidEmails) },
  isAccount: { valid: nullable(of([true, false])), invalid: of(['true', 1, {}]) },
  timeZone: { valid: nullable(of(timeZones)), invalid: of(invalidTimeZones) },
  appVersion: { valid: nullable(of(versions)), invalid: of(invalidVersions) },
  appBuild: { valid: nullable(of(versions)), invalid: of(invalidVersions) },
  appLastActiveAt: { valid: nullable(of(dates)), invalid: of(invalidDates) },
  device: {
    valid: nullable(fc.record({ token: of(tokens), platform: of(['android', 'ios']) })),
    invalid: fc.oneof(device(invalidTokens, ['ios']), device(tokens, ['windows', null])),
  },
  meta: {
    valid: nullable(
      fc.oneof(
        of(attributeSets),
        fc.dictionary(
          fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
          fc.oneof(fc.string(), fc.boolean(), fc.integer()),
        ),
      ),
    ),
    invalid: of(invalidAttributes),
  },
  createdAt: { valid: of(dates), invalid: of([...invalidDates, null]) },
} satisfies Record<ProfileField | 'device', Values>;

const value: Values = {
  valid: nullable(fc.oneof(fc.string(), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }))),
  invalid: of([{}, [], ['a'], '\ud800', 'x'.repeat(16_384), { a: 1 }]),
};

const listIds: Values = {
  valid: nullable(fc.array(of([lists.open, lists.open.toUpperCase()]), { maxLength: 3 })),
  invalid: fc.array(of([lists.archived, lists.missing, lists.open, 'news', '', true]), {
    minLength: 1,
    maxLength: 101,
  }),
};

/** Fields in the path. */
const pathFields = new Set(['uid', 'token']);

/** An input with all or some of these fields: all valid, one invalid, or each invalid at random. */
function input(optional: Record<string, Values>, required: Record<string, Values>): fc.Arbitrary<Command['input']> {
  const all = { ...optional, ...required };
  const build = (pick: (values: Values) => fc.Arbitrary<unknown>, requiredKeys: string[]) =>
    fc.record(Object.fromEntries(Object.entries(all).map(([name, values]) => [name, pick(values)])), {
      requiredKeys,
    });
  const allValid = build((values) => values.valid, Object.keys(required));
  const oneInvalid = fc
    .tuple(allValid, fc.constantFrom(...Object.keys(all)))
    .chain(([whole, name]) => (all[name]?.invalid ?? fc.constant(null)).map((fault) => ({ ...whole, [name]: fault })));
  const mixed = build(
    ({ valid, invalid }) => fc.oneof({ weight: 3, arbitrary: valid }, { weight: 1, arbitrary: invalid }),
    Object.keys(required).filter((name) => pathFields.has(name)),
  );
  return fc.oneof(
    { weight: 6, arbitrary: allValid },
    { weight: 2, arbitrary: oneInvalid },
    { weight: 1, arbitrary: mixed },
  );
}

/** Few uids, so that commands affect the same users; `createUser` accepts other uids than paths. */
const uid: Values = { valid: of(uids), invalid: of(invalidUids) };
const newUid: Values = {
  valid: of(uids.slice(0, 4)),
  invalid: of([...invalidUids, 'ada@example.com', 'ö', null, true]),
};

const commandsOf = (name: Command['name'], inputs: fc.Arbitrary<Command['input']>): fc.Arbitrary<Command> =>
  fc.record({ name: fc.constant(name), input: inputs, caller: fc.constantFrom('owner', 'publicKey') });

/** A command for both APIs. */
const command = fc.oneof(
  { weight: 3, arbitrary: commandsOf('createUser', input({ ...fields, listIds }, { uid: newUid })) },
  { weight: 5, arbitrary: commandsOf('updateUser', input({ ...fields, listIds }, { uid })) },
  {
    weight: 2,
    arbitrary: commandsOf(
      'addEvent',
      input(
        { value, properties: fields.meta, timestamp: { valid: nullable(of(dates)), invalid: of(invalidDates) } },
        { uid, name: { valid: of(['Paid', 'x'.repeat(255)]), invalid: of(['', 'x'.repeat(256), 'a\tb', 5, null]) } },
      ),
    ),
  },
  { weight: 1, arbitrary: commandsOf('deleteUser', input({}, { uid })) },
  { weight: 2, arbitrary: commandsOf('retrieveUser', input({}, { uid })) },
  {
    weight: 2,
    arbitrary: commandsOf('removeDevice', input({}, { uid, token: { valid: of(tokens), invalid: of(invalidTokens) } })),
  },
);

/** A sequence of commands. */
export const commands = fc.array(command, { minLength: 1, maxLength: 6 });

/** The state before them. */
export const scenes: fc.Arbitrary<Scene> = fc.record({ imported: fc.nat(3), devices: fc.nat(5) });
