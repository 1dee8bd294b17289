import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type Production, startProduction } from '../../kit/production.ts';

/** Parts of credentials and personal data in requests, which must not appear in any log. */
const marks = {
  secret: 'sk_MarkedSecret0123456789',
  token: 'eyJhbGciOiJIUzI1NiJ9.MarkedToken.MarkedSignature',
  email: 'marked.address@private.example',
  encoded: 'marked.address%40private.example',
  meta: 'MarkedMeta',
  name: 'MarkedName',
  device: 'MarkedDevice',
};

/** Internals of the gateway, which must not appear in any answer. */
const INTERNAL =
  /\bat .+:\d+:\d+|node_modules|\.ts\b|prisma|postgres|\b(SELECT|INSERT INTO|UPDATE "?\w+"? SET)\b|relation|constraint|violates|column|SQLSTATE|TriggerMark/i;

let gateway: Production;
const answers: { request: string; status: number; body: string }[] = [];

beforeAll(async () => {
  gateway = await startProduction({
    LOG_LEVEL: 'trace',
    JWT_ISSUER: 'i',
    JWT_AUDIENCE: 'a',
    JWT_SECRET: 's'.repeat(32),
  });
});
afterAll(() => gateway[Symbol.asyncDispose]());

interface RequestOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

async function send(path: string, { method = 'GET', headers = {}, body }: RequestOptions = {}): Promise<number> {
  const response = await fetch(gateway.address + path, {
    method,
    headers: { authorization: gateway.key.authorization, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
  });
  answers.push({ request: `${method} ${path} ${body ?? ''}`, status: response.status, body: await response.text() });
  return response.status;
}

// Not named `graphql`: codegen would treat its arguments as documents.
const sendGraphQL = (query: string, variables: object = {}, headers: Record<string, string> = {}) =>
  send('/graphql', { method: 'POST', headers, body: JSON.stringify({ query, variables }) });

const profile = { uid: marks.email, email: marks.email, firstName: marks.name, meta: { [marks.meta]: marks.meta } };
const device = { token: marks.device, platform: 'IOS' };
const update = 'mutation ($input: UpdateUserInput!) { updateUser(input: $input) { __typename ... on Error { code } } }';
const create = 'mutation ($input: CreateUserInput!) { createUser(input: $input) { __typename ... on Error { code } } }';
const track = 'mutation ($input: AddEventInput!) { addEvent(input: $input) { __typename ... on Error { code } } }';
const read = 'query ($uid: String!) { user(uid: $uid) { email meta devices { token } lists { list { title } } } }';
const entities = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { email meta } } }';

/** Sends every kind of read and write with marked data through both APIs. */
async function sendAllOperations(): Promise<void> {
  const rest = { email: marks.email, first_name: marks.name, meta: profile.meta };
  const path = `/v1/users/${marks.encoded}`;
  await sendGraphQL(update, { input: { ...profile, device } });
  await sendGraphQL(create, { input: { ...profile, uid: 'MarkedName1' } });
  await sendGraphQL(track, {
    input: { uid: marks.email, name: marks.name, properties: profile.meta, value: marks.meta },
  });
  await sendGraphQL(read, { uid: marks.email });
  await sendGraphQL(read, { uid: marks.email }, { 'apollo-federation-include-trace': 'ftv1' });
  await sendGraphQL(entities, { r: [{ __typename: 'User', uid: marks.email }] });
  await sendGraphQL(`{ user(uid: "${marks.email}") { email } users(first: 1) { totalCount nodes { email } } }`);
  await send(`/graphql?query=${encodeURIComponent(`{ user(uid: "${marks.email}") { email } }`)}`);
  await send('/v1/users', { method: 'POST', body: JSON.stringify({ ...rest, uid: 'MarkedName2' }) });
  await send(path, { method: 'PUT', body: JSON.stringify(rest) });
  await send(path);
  await send(`/users?email=${marks.encoded}`);
  await send(path, { method: 'DELETE' });
}

/** Sends malformed requests and invalid credentials. */
async function sendInvalidRequests(): Promise<void> {
  const wrong = (authorization: string) => ({ headers: { authorization, cookie: `session=${marks.secret}` } });
  await send('/v1/users', wrong(`Basic ${btoa(`pk_x:${marks.secret}`)}`));
  await send('/v1/users', wrong(`Bearer ${marks.token}`));
  await send('/v1/users', wrong(`Bearer ${marks.secret}`));
  await send(`/nowhere/${marks.email}?secret=${marks.secret}`);
  await send(`/%zz${marks.email}`);
  for (const path of ['/graphql', `/v1/users/${marks.email}`]) {
    const method = path === '/graphql' ? 'POST' : 'PUT';
    await send(path, { method, body: `{"email":"${marks.email}","meta":"${marks.meta}" ${marks.secret}` });
    await send(path, { method, body: 'x', headers: { 'content-type': `text/${marks.name}` } });
    await send(path, { method, body: 'x', headers: { 'content-encoding': 'gzip' } });
    await send(path, { method, body: JSON.stringify({ query: marks.email, email: { x: marks.meta }, meta: 1 }) });
  }
  await sendGraphQL(`{ ${marks.name} }`, { [marks.meta]: marks.email });
  await sendGraphQL(read, { uid: { email: marks.email } });
  await send(`/graphql?query={__typename}&variables=${marks.encoded}`);
  const socket = connect(Number(new URL(gateway.address).port), '127.0.0.1');
  socket.write(`${marks.email} ${marks.secret} nonsense\r\n\r\n`);
  answers.push({ request: 'nonsense', status: 0, body: await text(socket) });
}

/** Terminates all sessions of the gateway's database and prevents new ones. */
async function shutDatabase(): Promise<void> {
  const [{ name }] = await gateway.db.$queryRaw<[{ name: string }]>`SELECT current_database() AS name`;
  const client = new Client({ connectionString: inject('serverUrl') });
  await client.connect();
  await client.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`);
  await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
  await client.end();
}

it('exposes no internals in answers, and no personal data or secrets in logs', async () => {
  const { db } = gateway;
  await sendAllOperations();
  await sendInvalidRequests();

  // The error's detail contains the row.
  await db.$executeRaw`ALTER TABLE users ADD CONSTRAINT broken CHECK (email IS NULL) NOT VALID`;
  await sendAllOperations();
  await db.$executeRaw`ALTER TABLE users DROP CONSTRAINT broken`;

  // The error's message quotes values, and its context contains the statement.
  await db.$executeRawUnsafe(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM (NEW.email || NEW.meta::text)::int; RETURN NEW; END $$`);
  await db.$executeRaw`CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION fail()`;
  await sendAllOperations();
  await db.$executeRawUnsafe(`CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'TriggerMark % sk_MarkedSecret0123456789', NEW.email USING DETAIL = NEW.meta::text, HINT = NEW.first_name; END $$`);
  await sendAllOperations();
  await db.$executeRaw`DROP TRIGGER fail ON users`;

  // Broken statements of the domain and of authentication.
  await db.$executeRaw`ALTER TABLE users RENAME COLUMN email TO hidden`;
  await sendAllOperations();
  await db.$executeRaw`ALTER TABLE users RENAME TO hidden`;
  await sendAllOperations();
  await db.$executeRaw`ALTER TABLE api_keys RENAME COLUMN scopes TO hidden`;
  const fresh = { headers: { authorization: `Basic ${btoa(`pk_fresh:${marks.secret}`)}` } };
  await send('/v1/users', fresh);
  await sendGraphQL('{ viewer { keyId } }', {}, fresh.headers);

  // Without a database.
  await shutDatabase();
  await sendAllOperations();
  await send('/health/ready');
  await gateway.end('SIGTERM');

  const log = gateway.output();
  const codes = new Set(answers.flatMap(({ body }) => /"code":"(\w+)"/.exec(body)?.[1] ?? []));
  expect([...codes]).toEqual(
    expect.arrayContaining(['INTERNAL_SERVER_ERROR', 'SERVICE_UNAVAILABLE', 'UNAUTHENTICATED', 'BAD_USER_INPUT']),
  );
  const checked = answers.map(({ body, request }) => ({
    request,
    body: body.replaceAll(/"line":\d+,"column":\d+/g, ''),
  }));
  expect(checked.filter(({ body }) => INTERNAL.test(body))).toEqual([]);
  expect(answers.filter(({ status, body }) => status >= 500 && /Marked/.test(body))).toEqual([]);
  expect(log.match(/unexpected error/gi)?.length).toBeGreaterThan(10);
  expect(log).toMatch(/violates check constraint \\"broken\\"/);
  expect(log.split('\n').filter((line) => Object.values(marks).some((mark) => line.includes(mark)))).toEqual([]);
  expect(
    log.split('\n').filter((line) => line.includes(gateway.key.secret) || line.includes('private.example')),
  ).toEqual([]);
});
