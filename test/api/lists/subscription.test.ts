import { describe, expect, it } from 'vitest';
import { encodeGlobalId } from '../../../src/graphql/schema/global-id.ts';
import { startApp } from '../../kit/app.ts';
import { addList, addToList, addUser } from '../../kit/factories.ts';
import { ArchiveList, ReadListMembers, RemoveFromList, SetListSubscription } from '../../kit/operations/lists.ts';
import { ReadUser } from '../../kit/operations/users.ts';

const unknown = encodeGlobalId('List', '0190a000-0000-7000-8000-000000000000');

describe('setListSubscription', () => {
  it('creates a membership, subscribed, from now on', async () => {
    await using app = await startApp();
    const { globalId: listId } = await addList(app, { title: 'News' });
    const { uid } = await addUser(app);
    const before = Date.now();
    const answer = await app.run(SetListSubscription, { input: { uid, listId, subscribed: true } });
    expect(answer).toMatchObject({
      setListSubscription: { membership: { subscribed: true, list: { id: listId, title: 'News' } } },
    });
    const [membership] = (await app.run(ReadUser, { uid })).user?.lists ?? [];
    expect(membership).toMatchObject({ subscribed: true, list: { id: listId } });
    expect(Date.parse(membership?.joinedAt ?? '')).toBeGreaterThanOrEqual(before);
  });

  it('keeps the membership of a user who unsubscribes, and changes only the flag', async () => {
    await using app = await startApp();
    const list = await addList(app);
    const user = await addUser(app, { uid: 'u144' });
    await addToList(app, list, user);
    const input = { uid: 'u144', listId: list.globalId };
    const [joined] = (await app.run(ReadUser, { uid: 'u144' })).user?.lists ?? [];
    for (const subscribed of [false, false, true, true]) {
      await app.run(SetListSubscription, { input: { ...input, subscribed } });
      expect((await app.run(ReadUser, { uid: 'u144' })).user?.lists).toEqual([{ ...joined, subscribed }]);
    }
  });

  it('adds no member to an archived list', async () => {
    await using app = await startApp();
    const { globalId: listId } = await addList(app, { archivedAt: new Date() });
    const { uid } = await addUser(app);
    expect(await app.run(SetListSubscription, { input: { uid, listId, subscribed: true } })).toMatchObject({
      setListSubscription: { __typename: 'ListArchivedError', code: 'LIST_ARCHIVED', listId },
    });
    expect(await app.db.listMembership.count()).toBe(0);
  });

  it('allows members of an archived list to unsubscribe and to subscribe again', async () => {
    await using app = await startApp();
    const list = await addList(app);
    const user = await addUser(app);
    await addToList(app, list, user);
    await app.run(ArchiveList, { input: { listId: list.globalId } });
    for (const subscribed of [false, true]) {
      const input = { uid: user.uid, listId: list.globalId, subscribed };
      expect(await app.run(SetListSubscription, { input })).toMatchObject({
        setListSubscription: { membership: { subscribed } },
      });
    }
  });

  it('fails with NotFoundError for unsubscribing a user who is not a member', async () => {
    await using app = await startApp();
    const { globalId: listId } = await addList(app);
    const { uid } = await addUser(app);
    expect(await app.run(SetListSubscription, { input: { uid, listId, subscribed: false } })).toMatchObject({
      setListSubscription: { code: 'NOT_FOUND', resource: 'ListMembership' },
    });
  });

  it('fails with NotFoundError for an unknown user or list, and for those of another workspace', async () => {
    await using app = await startApp();
    const stranger = { ...app.stranger, db: app.db };
    const foreign = { list: await addList(stranger), user: await addUser(stranger) };
    const { globalId: listId } = await addList(app);
    const { uid } = await addUser(app);
    const attempts = [
      { uid: 'nobody', listId, resource: 'User' },
      { uid: foreign.user.uid, listId, resource: 'User' },
      { uid, listId: unknown, resource: 'List' },
      { uid, listId: foreign.list.globalId, resource: 'List' },
    ];
    for (const { resource, ...input } of attempts) {
      expect(await app.run(SetListSubscription, { input: { ...input, subscribed: true } })).toMatchObject({
        setListSubscription: { code: 'NOT_FOUND', resource },
      });
    }
    expect(await app.db.listMembership.count()).toBe(0);
  });

  it('reports every issue at once', async () => {
    await using app = await startApp();
    const input = { uid: 'a/b', listId: 'nonsense', subscribed: true };
    const { setListSubscription } = await app.run(SetListSubscription, { input });
    expect('issues' in setListSubscription && setListSubscription.issues).toEqual([
      { path: ['uid'], code: 'INVALID_UID' },
      { path: ['listId'], code: 'INVALID_ID' },
    ]);
  });
});

describe('removeFromList', () => {
  it('deletes the membership, and no other', async () => {
    await using app = await startApp();
    const list = await addList(app);
    const [user, other] = [await addUser(app), await addUser(app, { uid: 'other' })];
    for (const member of [user, other]) await addToList(app, list, member);
    expect(await app.run(RemoveFromList, { input: { uid: user.uid, listId: list.globalId } })).toEqual({
      removeFromList: { __typename: 'RemoveFromListPayload', userId: user.globalId, listId: list.globalId },
    });
    const { node } = await app.run(ReadListMembers, { id: list.globalId });
    expect(node).toMatchObject({ members: { edges: [{ node: { uid: 'other' } }], totalCount: 1 } });
  });

  it('removes a member of an archived list, who cannot join again', async () => {
    await using app = await startApp();
    const list = await addList(app, { archivedAt: new Date() });
    const user = await addUser(app);
    await addToList(app, list, user);
    const input = { uid: user.uid, listId: list.globalId };
    await app.run(RemoveFromList, { input });
    expect(await app.run(SetListSubscription, { input: { ...input, subscribed: true } })).toMatchObject({
      setListSubscription: { code: 'LIST_ARCHIVED' },
    });
  });

  it('reports what was not found: the user, the list, or the membership', async () => {
    await using app = await startApp();
    const { globalId: listId } = await addList(app);
    const { uid } = await addUser(app);
    const foreign = await addList({ ...app.stranger, db: app.db });
    const attempts = [
      { uid: 'nobody', listId, resource: 'User' },
      { uid, listId: unknown, resource: 'List' },
      { uid, listId: foreign.globalId, resource: 'List' },
      { uid, listId, resource: 'ListMembership' },
    ];
    for (const { resource, ...input } of attempts) {
      expect(await app.run(RemoveFromList, { input })).toMatchObject({
        removeFromList: { code: 'NOT_FOUND', resource },
      });
    }
  });

  it('reports every issue at once', async () => {
    await using app = await startApp();
    const { removeFromList } = await app.run(RemoveFromList, { input: { uid: '', listId: '' } });
    expect('issues' in removeFromList && removeFromList.issues.map(({ path }) => path)).toEqual([['uid'], ['listId']]);
  });
});
