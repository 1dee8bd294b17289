import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ok, runProgram } from '../../kit/program.ts';

let directory = '';
let released = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'usergraph-schema-'));
  released = await readFile('releases/schema.graphql', 'utf8');
});
afterAll(() => rm(directory, { recursive: true }));

/** Checks the schema of the last release with one replacement. */
async function check(replace: [string | RegExp, string], accepted: object[] = []) {
  const schema = released.replace(...replace);
  expect(schema).not.toBe(released);
  const [schemaFile, acceptedFile] = [join(directory, 'schema.graphql'), join(directory, 'accepted.json')];
  await writeFile(schemaFile, schema);
  await writeFile(acceptedFile, JSON.stringify(accepted));
  return runProgram('scripts/schema-check.ts', [schemaFile, acceptedFile]);
}

const email = /"""[^"]*"""\n {2}email: String @requiresScopes.*\n/;
const uidArgument = /(user\(\s*"""[^"]*"""\s*uid: String!)/;

it('accepts the current schema', async () => {
  expect(await runProgram('scripts/schema-check.ts', [])).toEqual(
    ok('schema.graphql has no breaking changes since the last release.\n'),
  );
});

it.each<[string, [string | RegExp, string], string]>([
  ['a removed field', [email, ''], "Field 'email' was removed from object type 'User' (User.email)"],
  ['an argument that becomes required', [/(members\([^)]*subscribed: Boolean)/, '$1!'], 'List.members.subscribed'],
  ['a new required argument', [uidArgument, '$1, locale: String!'], 'Query.user.locale'],
  ['a field that becomes nullable', ['token: String! @req', 'token: String @req'], 'Device.token'],
  ['a removed enum value', [/"""[^"]*"""\n {2}IOS\n/, ''], 'DevicePlatform.IOS'],
  ['a removed union member', [' | UidTakenError', ''], 'UidTakenError'],
  [
    'an added scope',
    [
      'email: String @requiresScopes(scopes: [["users:read"]])',
      'email: String @requiresScopes(scopes: [["users:read", "users:write"]])',
    ],
    'User.email.@requiresScopes',
  ],
  [
    'a removed scope',
    ['email: String @requiresScopes(scopes: [["users:read"]])', 'email: String'],
    "Directive 'requiresScopes' was removed from field 'User.email'",
  ],
  [
    'one scope less',
    [
      'ListMemberConnection! @requiresScopes(scopes: [["lists:read", "users:read"]])',
      'ListMemberConnection! @requiresScopes(scopes: [["lists:read"]])',
    ],
    'List.members.@requiresScopes',
  ],
])('fails for %s', async (_change, replace, reported) => {
  const { code, stderr } = await check(replace);
  expect(code).toBe(1);
  expect(stderr).toContain('Breaking change: ');
  expect(stderr).toContain(reported);
  expect(stderr).toContain('@deprecated');
});

it('accepts a deprecation and an addition', async () => {
  expect(
    await check([/( {2}email: String)( @requiresScopes)/, '$1 @deprecated(reason: "Ask a mailbox.")$2']),
  ).toMatchObject({ code: 0 });
  expect(await check([/( {2}email: String @requires.*\n)/, '$1  locale: String\n'])).toMatchObject({ code: 0 });
});

it('accepts a listed breaking change, and fails for a listed change that does not exist', async () => {
  const accepted = [
    { change: "Field 'email' was removed from object type 'User' (User.email)", reason: 'It never held anything.' },
  ];
  expect(await check([email, ''], accepted)).toMatchObject({ code: 0 });
  const { code, stderr } = await check([/( {2}email: String @requires.*\n)/, '$1  locale: String\n'], accepted);
  expect([code, stderr]).toEqual([1, expect.stringContaining('but the schema has no such change')]);
});

it('requires a reason for each accepted change', async () => {
  expect(await check([email, ''], [{ change: 'x' }])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('reason'),
  });
});
