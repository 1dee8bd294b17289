import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { graphqlBody, startExecutors } from '../../kit/executors.ts';
import { addDevices, addList, addUser, importUser } from '../../kit/factories.ts';
import { RemoveDevice } from '../../kit/operations/devices.ts';
import { AddEvent } from '../../kit/operations/events.ts';
import { RemoveFromList, SetListSubscription } from '../../kit/operations/lists.ts';
import { DeleteUser, ReadUser, UpdateUser } from '../../kit/operations/users.ts';
import { restOf } from '../../kit/rest.ts';

const app = await startExecutors();
afterAll(() => app[Symbol.asyncDispose]());

/** The same name with ë as one character, and as e with a combining diaeresis. */
const [NFC, NFD] = ['Zo\u00eb', 'Zoe\u0308'];

let user = { id: '', globalId: '', uid: '' };
beforeEach(async () => {
  await app.db.user.deleteMany();
  await app.db.list.deleteMany();
  user = await addUser(app, { uid: NFC });
});

const uids = async () => (await app.db.user.findMany({ orderBy: { uid: 'asc' } })).map(({ uid }) => uid);

describe('a uid is looked up in normal form C by', () => {
  it('user', async () => {
    for (let time = 0; time < 4; time += 1)
      expect(await app.run(ReadUser, { uid: NFD })).toMatchObject({ user: { id: user.globalId, uid: NFC } });
    const body = graphqlBody('query ($uid: String!) { user(uid: $uid) { uid } }', { variables: { uid: NFD } });
    const [one, other] = await app.both(body);
    expect([one, JSON.parse(one.body)]).toEqual([other, { data: { user: { uid: NFC } } }]);
  });

  it('_entities', async () => {
    const query =
      'query ($of: [_Any!]!) { _entities(representations: $of) { ... on User { uid } ... on List { title } } }';
    const list = await addList(app);
    const named = { __typename: 'User', uid: NFD };
    const mixed = [named, { __typename: 'List', id: list.globalId }];
    expect((await app.send(query, { of: [named] })).data).toEqual({ _entities: [{ uid: NFC }] });
    expect((await app.send(query, { of: mixed })).data).toEqual({ _entities: [{ uid: NFC }, { title: 'News' }] });
  });

  it('updateUser', async () => {
    for (const input of [{ firstName: 'Zoë' }, { device: { token: 't', platform: 'IOS' as const } }])
      expect(await app.run(UpdateUser, { input: { uid: NFD, ...input } })).toMatchObject({
        updateUser: { created: false, user: { id: user.globalId, uid: NFC } },
      });
  });

  it('addEvent, with an idempotency key and without', async () => {
    const input = { uid: NFD, name: 'Paid' };
    expect(await app.run(AddEvent, { input })).toHaveProperty('addEvent.event');
    const first = await app.run(AddEvent, { input: { ...input, idempotencyKey: 'k1' } });
    expect(first).toHaveProperty('addEvent.event');
    expect(await app.run(AddEvent, { input: { ...input, uid: NFC, idempotencyKey: 'k1' } })).toEqual(first);
    expect(await app.db.event.count({ where: { userId: user.id } })).toBe(2);
  });

  it('setListSubscription and removeFromList', async () => {
    const { globalId: listId } = await addList(app);
    expect(await app.run(SetListSubscription, { input: { uid: NFD, listId, subscribed: true } })).toMatchObject({
      setListSubscription: { membership: { subscribed: true } },
    });
    expect(await app.run(RemoveFromList, { input: { uid: NFD, listId } })).toMatchObject({
      removeFromList: { userId: user.globalId },
    });
  });

  it('removeDevice', async () => {
    await addDevices(app, user, ['t1']);
    expect(await app.run(RemoveDevice, { input: { uid: NFD, token: 't1' } })).toMatchObject({
      removeDevice: { removedToken: 't1' },
    });
  });

  it('deleteUser', async () => {
    expect(await app.run(DeleteUser, { input: { uid: NFD } })).toMatchObject({ deleteUser: { uid: NFC } });
  });

  it('every path of REST, whose body may repeat it in either form', async () => {
    const rest = restOf(app);
    const path = `/v1/users/${encodeURIComponent(NFD)}`;
    expect(await rest.get(path)).toMatchObject({ status: 200, body: { uid: NFC } });
    for (const id of [NFC, NFD])
      expect(await rest.put(path, { id, device_token: 't', device_platform: 'ios' })).toMatchObject({
        status: 200,
        body: { uid: NFC },
      });
    expect(await rest.post(`${path}/events`, { event: 'Paid' })).toMatchObject({ status: 200 });
    expect(await rest.delete(`${path}/tokens/t`)).toMatchObject({ status: 200 });
    expect(await rest.delete(path)).toMatchObject({ status: 200 });
    expect(await uids()).toEqual([]);
  });
});

describe('a uid is stored in normal form C', () => {
  it('of a user created by updateUser, which the other form finds', async () => {
    const [precomposed, decomposed] = ['Andr\u00e9', 'Andre\u0301'];
    expect(await app.run(UpdateUser, { input: { uid: decomposed } })).toMatchObject({
      updateUser: { created: true, user: { uid: precomposed } },
    });
    expect(await app.run(UpdateUser, { input: { uid: precomposed } })).toMatchObject({
      updateUser: { created: false },
    });
    expect(await uids()).toEqual([precomposed, NFC]);
  });

  it('of a user who receives one', async () => {
    await importUser(app, 'bo@example.com');
    const taken = await app.run(UpdateUser, { input: { uid: 'bo@example.com', newUid: NFD } });
    expect(taken).toMatchObject({ updateUser: { __typename: 'UidTakenError', uid: NFC } });
    const { updateUser } = await app.run(UpdateUser, { input: { uid: 'bo@example.com', newUid: 'Bo\u0308' } });
    expect(updateUser).toMatchObject({ user: { uid: 'B\u00f6' } });
  });

  it('which determines its length', async () => {
    const longest = 'e\u0308'.repeat(255);
    expect(await app.run(UpdateUser, { input: { uid: longest } })).toMatchObject({
      updateUser: { user: { uid: '\u00eb'.repeat(255) } },
    });
    // Three characters in normal form C.
    expect(await app.run(UpdateUser, { input: { uid: '\u{1d160}'.repeat(100) } })).toMatchObject({
      updateUser: { issues: [{ path: ['uid'], code: 'TOO_LONG' }] },
    });
  });
});

it('rejects a uid of a million combining marks quickly', async () => {
  const started = performance.now();
  const uid = `a${'\u0301\u0323'.repeat(150_000)}`;
  expect(await app.run(UpdateUser, { input: { uid } })).toMatchObject({
    updateUser: { issues: [{ path: ['uid'], code: 'TOO_LONG' }] },
  });
  expect(performance.now() - started).toBeLessThan(2_000);
});

const invisible = {
  'a zero-width space': 'a\u200bb',
  'a zero-width joiner': 'a\u200db',
  'a zero-width non-joiner': 'a\u200cb',
  'a word joiner': 'a\u2060b',
  'a byte order mark': '\ufeffab',
  'a Hangul filler': 'a\u3164',
  'a half-width Hangul filler': '\uffa0a',
  'a combining grapheme joiner': 'a\u034fb',
  'a soft hyphen': 'a\u00adb',
  'a variation selector': '\u2764\ufe0f',
  'a tag character': 'a\u{e0041}',
  'a blank Braille pattern': 'a\u2800b',
  'a direction mark': 'a\u202eb',
  'a noncharacter': 'a\ufffeb',
  'another noncharacter': 'a\u{1ffff}',
  'an unassigned character': 'a\u0378',
  'a line separator': 'a\u2028b',
};

const spaces = ['\u0020', '\u00a0', '\u1680', '\u2003', '\u202f', '\u205f', '\u3000'];

describe('a uid must not contain', () => {
  it.each(Object.entries(invisible))('%s', async (_what, uid) => {
    expect(await app.run(UpdateUser, { input: { uid } })).toMatchObject({
      updateUser: { issues: [{ path: ['uid'], code: 'INVALID_CHARACTER' }] },
    });
    expect(await restOf(app).put(`/v1/users/${encodeURIComponent(uid)}`, {})).toMatchObject({
      status: 400,
      body: {
        issues: [
          { path: ['uid'], code: 'INVALID_CHARACTER', message: expect.stringMatching(/; got U\+[0-9A-F]{4,}$/) },
        ],
      },
    });
    const { errors } = await app.send('query ($uid: String!) { user(uid: $uid) { uid } }', { uid });
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', issues: [{ code: 'INVALID_CHARACTER' }] } }]);
  });

  it.each(spaces)('white space %j at either end', async (space) => {
    for (const uid of [`${space}ab`, `ab${space}`, space]) {
      expect(await app.run(UpdateUser, { input: { uid } })).toMatchObject({
        updateUser: { issues: [{ path: ['uid'], code: 'INVALID_UID' }] },
      });
      expect(await restOf(app).get(`/v1/users/${encodeURIComponent(uid)}`)).toMatchObject({
        status: 400,
        body: { issues: [{ path: ['uid'], code: 'INVALID_UID' }] },
      });
    }
  });

  it('several of these, which are reported at once', async () => {
    const uid = ` a/\u200b${'b'.repeat(255)}`;
    const { updateUser } = await app.run(UpdateUser, { input: { uid } });
    const codes = 'issues' in updateUser ? updateUser.issues.map(({ code }) => code) : [];
    expect(codes.sort()).toEqual(['INVALID_CHARACTER', 'INVALID_UID', 'INVALID_UID', 'TOO_LONG']);
  });
});

it.each(['a b', 'a\u00a0b', '日本', '👋', '👩🏽', '🇳🇬', 'a\u0304\u0323', '\ue000'])('a uid may be %s', async (uid) => {
  expect(await app.run(UpdateUser, { input: { uid } })).toMatchObject({
    updateUser: { created: true, user: { uid: uid.normalize('NFC') } },
  });
});
