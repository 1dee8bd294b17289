import { expect, it } from 'vitest';
import { findTexts } from '../../kit/database-text.ts';
import { changeTriggers } from '../../kit/distribution.ts';
import { addUser } from '../../kit/factories.ts';
import { personal, type SecuredApp, startSecured } from '../../kit/seed-person.ts';
import { bearer, claimsOf } from '../../kit/tokens.ts';

const { uid, email, firstName, metaKey, metaValue, event, eventKey, device, number } = personal;

const UpdateUser = `mutation ($input: UpdateUserInput!) {
  updateUser(input: $input) { __typename ... on Error { code message } }
}`;

const profile = {
  uid,
  email,
  firstName,
  number,
  meta: { [metaKey]: metaValue },
  device: { token: device, platform: 'IOS' },
};

/** Requests with personal data, all of which fail if `profile` cannot be written. */
async function sendAll(app: SecuredApp): Promise<void> {
  await app.send(UpdateUser, { input: profile });
  await app.send(UpdateUser, { input: { ...profile, newUid: 'other', timeZone: metaValue, number: email } });
  await app.send(UpdateUser, { input: { ...profile, [metaKey]: metaValue } });
  await app.send(`mutation { ${metaKey}(uid: "${uid}") { ${firstName} }`);
  await app.send(`{ user(uid: "${uid}") { ${metaKey} } }`);
  await app.send(`{ ${metaKey}: user(uid: "${email}/") { uid email } }`);
  await app.send(UpdateUser, { input: profile }, `Basic ${Buffer.from(`${uid}:${email}`).toString('base64')}`);
  await app.send(UpdateUser, { input: profile }, await bearer(claimsOf(uid, { sub: email })));
  await app.send(UpdateUser, { input: profile }, await bearer(claimsOf(app.workspaceId, { sub: uid, scope: '' })));
  const headers = { authorization: app.owner, 'content-type': 'application/json', 'idempotency-key': eventKey };
  const rest = [
    ['PUT', `/v1/users/${uid}`, { email, first_name: firstName, meta: { [metaKey]: metaValue } }],
    ['PUT', `/v1/users/${uid}`, { email: firstName, number: metaValue }],
    ['POST', `/v1/users/${encodeURIComponent(email)}/events`, { event, value: { [metaKey]: metaValue } }],
    ['POST', `/v1/users/${uid}/events`, { event, properties: { [metaKey]: metaValue } }],
    ['POST', '/v1/events/bulk', { events: [{ uid, event, properties: { [metaKey]: metaValue } }] }],
    ['GET', `/v1/users/${uid}%2F?email=${email}`],
    ['GET', `/v1/users?email=${email}&number=${metaValue}`],
    ['DELETE', `/v1/users/${uid}/${metaKey}`],
    ['GET', `/${uid}/${firstName}?${metaKey}=${metaValue}`],
  ] as const;
  for (const [method, url, body] of rest) {
    await app.app.inject({ method, url, headers, ...(body === undefined ? {} : { payload: JSON.stringify(body) }) });
  }
  await app.app.inject({ method: 'POST', url: '/graphql', headers, payload: `{"query":"${metaValue}` });
  await app.app.inject({ method: 'POST', url: '/v1/users', headers, payload: `{"uid":"${uid}", ${email}` });
}

/** Faults of the database whose messages contain what a statement was to write, or that fail with the values in parameters. */
const faults: Record<string, string> = {
  'a violated constraint': `ALTER TABLE users ADD CONSTRAINT no_names CHECK (first_name = 'x') NOT VALID`,
  'a message with values': `CREATE FUNCTION reject() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'rejected % % of %', NEW.uid, NEW.email, NEW USING DETAIL = NEW::text, HINT = NEW.meta::text; END $$;
    CREATE TRIGGER reject BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION reject()`,
  'a value that cannot be converted': `CREATE FUNCTION convert_uid() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM NEW.uid::int; RETURN NEW; END $$;
    CREATE TRIGGER convert_uid BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION convert_uid()`,
  'a missing column': 'ALTER TABLE users RENAME COLUMN first_name TO hidden',
  'a missing table': 'ALTER TABLE events RENAME TO hidden',
  'a timeout': 'ALTER TABLE users RENAME TO hidden; CREATE VIEW users AS SELECT hidden.* FROM hidden, pg_sleep(1)',
};

it.each(Object.entries(faults))('logs no personal data of requests that fail because of %s', async (_what, sql) => {
  await using app = await startSecured({ limits: { statementMs: 500 } });
  await addUser(app, { uid: 'other', email });
  await changeTriggers(app.db, ...sql.split(/;\s*(?=CREATE)/));
  await sendAll(app);
  const log = app.logText();
  expect(log.get('log')).toContain('"level":50');
  expect(findTexts(log, Object.values(personal))).toEqual({});
});

it('logs no personal data of requests that are rejected or written', async () => {
  await using app = await startSecured();
  await addUser(app, { uid: 'other', email });
  await sendAll(app);
  expect(app.linesOf()).toBeGreaterThan(15);
  expect(findTexts(app.logText(), Object.values(personal))).toEqual({});
});
