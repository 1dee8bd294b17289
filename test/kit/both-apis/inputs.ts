import fc from 'fast-check';
import type { Command } from './apis.ts';
import { lists, type Scene } from './scene.ts';

// What only one door can be asked for is left out: a number where REST takes it for a text, dates that are not RFC 3339
// (REST reads more of them), a platform without a token and keys that nobody knows (REST ignores both), one list id
// for several (GraphQL's coercion), and the uid "", which makes another path.

const texts = ['Ada', 'Ò', '', 'x'.repeat(255), '😀'.repeat(255)];
const faultyTexts = ['x'.repeat(256), '😀'.repeat(256), 'a\u0000b', '\ud800', 5, true, ['Ada'], {}];
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
const faultyAttributes = [
  { plan: null },
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
const faultyDates = [
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
const faultyUids = ['a'.repeat(256), 'a/b', 'a\u0000', 'a\nb', 'ö/'];
const emails = ['ada@example.com', 'bo@example.com', 'Ada@example.com', `${'a'.repeat(248)}@a.com`];
const faultyEmails = ['ada', 'a@b@c', 'a b@example.com', '', `${'a'.repeat(249)}@a.com`, 5];
const numbers = ['+2348012345678', '2348012345678', '+1 (202) 555-0143', '447911123456'];
const faultyNumbers = ['12', 'phone', '', '+'.repeat(70), '08012345678x'];
const tokens = ['token0', 'token1', 'token2', 'token3', 'token4', 'token5', 'token6', '~'.repeat(1024)];
const faultyTokens = ['~'.repeat(1025), 'a b', 'ö'];

const of = (values: readonly unknown[]) => fc.constantFrom(...values);

/** A value as it should be or null; and, in inputs with a fault, one that should not. */
interface Values {
  right: fc.Arbitrary<unknown>;
  wrong: fc.Arbitrary<unknown>;
}

const nullable = (right: fc.Arbitrary<unknown>) => fc.option(right, { freq: 6 });

const device = (token: readonly unknown[], platform: readonly unknown[]) =>
  fc.record({ token: of(token), platform: of(platform) }, { requiredKeys: ['token'] });

const fields = {
  firstName: { right: nullable(of(texts)), wrong: of(faultyTexts) },
  lastName: { right: nullable(fc.string({ unit: 'grapheme', maxLength: 20 })), wrong: of(faultyTexts) },
  number: { right: nullable(of(numbers)), wrong: of(faultyNumbers) },
  email: { right: nullable(of(emails)), wrong: of(faultyEmails) },
  device: {
    right: nullable(fc.record({ token: of(tokens), platform: of(['android', 'ios']) })),
    wrong: fc.oneof(device(faultyTokens, ['ios']), device(tokens, ['windows', null])),
  },
  meta: {
    right: nullable(
      fc.oneof(
        of(attributeSets),
        fc.dictionary(
          fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
          fc.oneof(fc.string(), fc.boolean(), fc.integer()),
        ),
      ),
    ),
    wrong: of(faultyAttributes),
  },
  createdAt: { right: of(dates), wrong: of([...faultyDates, null]) },
};

const value: Values = {
  right: nullable(fc.oneof(fc.string(), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }))),
  wrong: of([{}, [], ['a'], '\ud800', 'x'.repeat(16_384), { a: 1 }]),
};

const listIds: Values = {
  right: nullable(fc.array(of([lists.open, lists.open.toUpperCase()]), { maxLength: 3 })),
  wrong: fc.array(of([lists.archived, lists.missing, lists.open, 'news', '', true]), { minLength: 1, maxLength: 101 }),
};

/** Without these, a path is another one. */
const inPath = new Set(['uid', 'token']);

/** An input with these fields or some of them: all as they should be, or each with a fault now and then. */
function input(optional: Record<string, Values>, required: Record<string, Values>): fc.Arbitrary<Command['input']> {
  const all = { ...optional, ...required };
  const made = (pick: (values: Values) => fc.Arbitrary<unknown>, requiredKeys: string[]) =>
    fc.record(Object.fromEntries(Object.entries(all).map(([name, values]) => [name, pick(values)])), {
      requiredKeys,
    });
  const right = made((values) => values.right, Object.keys(required));
  const oneWrong = fc
    .tuple(right, fc.constantFrom(...Object.keys(all)))
    .chain(([whole, name]) => (all[name]?.wrong ?? fc.constant(null)).map((wrong) => ({ ...whole, [name]: wrong })));
  const anything = made(
    ({ right: good, wrong }) => fc.oneof({ weight: 3, arbitrary: good }, { weight: 1, arbitrary: wrong }),
    Object.keys(required).filter((name) => inPath.has(name)),
  );
  return fc.oneof(
    { weight: 6, arbitrary: right },
    { weight: 2, arbitrary: oneWrong },
    { weight: 1, arbitrary: anything },
  );
}

/** A uid of few, so that commands meet; `createUser` and paths take different ones. */
const uid: Values = { right: of(uids), wrong: of(faultyUids) };
const newUid: Values = { right: of(uids.slice(0, 4)), wrong: of([...faultyUids, 'ada@example.com', 'ö', null, true]) };

const commandsOf = (name: Command['name'], inputs: fc.Arbitrary<Command['input']>): fc.Arbitrary<Command> =>
  fc.record({ name: fc.constant(name), input: inputs, caller: fc.constantFrom('owner', 'publicKey') });

/** One thing to ask both doors for. */
const command = fc.oneof(
  { weight: 3, arbitrary: commandsOf('createUser', input({ ...fields, listIds }, { uid: newUid })) },
  { weight: 5, arbitrary: commandsOf('updateUser', input(fields, { uid })) },
  {
    weight: 2,
    arbitrary: commandsOf(
      'addEvent',
      input(
        { value, properties: fields.meta, timestamp: { right: nullable(of(dates)), wrong: of(faultyDates) } },
        { uid, name: { right: of(['Paid', 'x'.repeat(255)]), wrong: of(['', 'x'.repeat(256), 'a\tb', 5, null]) } },
      ),
    ),
  },
  { weight: 1, arbitrary: commandsOf('deleteUser', input({}, { uid })) },
  { weight: 2, arbitrary: commandsOf('retrieveUser', input({}, { uid })) },
  {
    weight: 2,
    arbitrary: commandsOf('removeDevice', input({}, { uid, token: { right: of(tokens), wrong: of(faultyTokens) } })),
  },
);

/** A few commands on one state. */
export const commands = fc.array(command, { minLength: 1, maxLength: 6 });

/** What there is before them. */
export const scenes: fc.Arbitrary<Scene> = fc.record({ imported: fc.nat(3), devices: fc.nat(5) });
