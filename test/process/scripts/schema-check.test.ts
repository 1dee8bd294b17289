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

/** Checks the last release's schema with something replaced in it. */
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

it('passes today’s schema', async () => {
  expect(await runProgram('scripts/schema-check.ts', [])).toEqual(
    ok('schema.graphql keeps what the last release promised.\n'),
  );
});

it.each<[string, [string | RegExp, string], string]>([
  ['a removed field', [email, ''], "Field 'email' was removed from object type 'User' (User.email)"],
  ['a tightened argument', [/(members\([^)]*subscribed: Boolean)/, '$1!'], 'List.members.subscribed'],
  ['a new argument that is required', [uidArgument, '$1, locale: String!'], 'Query.user.locale'],
  ['a field that may be null', ['token: String! @req', 'token: String @req'], 'Device.token'],
  ['a removed value of an enum', [/"""[^"]*"""\n {2}IOS\n/, ''], 'DevicePlatform.IOS'],
  ['a removed member of a result', [' | UidTakenError', ''], 'UidTakenError'],
  [
    'a further scope',
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
])('fails for %s', async (_what, replace, told) => {
  const { code, stderr } = await check(replace);
  expect(code).toBe(1);
  expect(stderr).toContain('Breaks the last release: ');
  expect(stderr).toContain(told);
  expect(stderr).toContain('@deprecated');
});

it('passes an element that is kept as @deprecated, and what is added', async () => {
  expect(
    await check([/( {2}email: String)( @requiresScopes)/, '$1 @deprecated(reason: "Ask a mailbox.")$2']),
  ).toMatchObject({ code: 0 });
  expect(await check([/( {2}email: String @requires.*\n)/, '$1  locale: String\n'])).toMatchObject({ code: 0 });
});

it('passes a break that is accepted, and fails for one that is accepted but not there', async () => {
  const accepted = [
    { change: "Field 'email' was removed from object type 'User' (User.email)", reason: 'It never held anything.' },
  ];
  expect(await check([email, ''], accepted)).toMatchObject({ code: 0 });
  const { code, stderr } = await check([/( {2}email: String @requires.*\n)/, '$1  locale: String\n'], accepted);
  expect([code, stderr]).toEqual([1, expect.stringContaining('but there is no such break')]);
});

it('wants a reason for each', async () => {
  expect(await check([email, ''], [{ change: 'x' }])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('reason'),
  });
});
