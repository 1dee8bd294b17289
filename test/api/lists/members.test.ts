import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addList, addToList, addUser } from '../../kit/factories.ts';
import { ReadListMembers } from '../../kit/operations/lists.ts';

type App = Awaited<ReturnType<typeof startApp>>;

/** Adds a list with members, subscribed unless their uid begins with `un`. */
async function addListOf(app: App, ...uids: string[]) {
  const list = await addList(app);
  for (const uid of uids) await addToList(app, list, await addUser(app, { uid }), !uid.startsWith('un'));
  return list;
}

it('returns members, including unsubscribed ones, newest user first', async () => {
  await using app = await startApp();
  const { globalId: id } = await addListOf(app, 'first', 'unsubscribed', 'third');
  expect((await app.run(ReadListMembers, { id })).node).toMatchObject({
    members: {
      totalCount: 3,
      edges: [
        { subscribed: true, node: { uid: 'third' } },
        { subscribed: false, node: { uid: 'unsubscribed' } },
        { subscribed: true, joinedAt: expect.any(String), node: { uid: 'first' } },
      ],
    },
  });
});

it('returns and counts only members who are, or are not, subscribed', async () => {
  await using app = await startApp();
  const { globalId: id } = await addListOf(app, 'first', 'unsubscribed', 'third');
  expect((await app.run(ReadListMembers, { id, subscribed: true })).node).toMatchObject({
    members: { totalCount: 2, edges: [{ node: { uid: 'third' } }, { node: { uid: 'first' } }] },
  });
  expect((await app.run(ReadListMembers, { id, subscribed: false })).node).toMatchObject({
    members: { totalCount: 1, edges: [{ node: { uid: 'unsubscribed' } }] },
  });
});

it('treats a null filter as none', async () => {
  await using app = await startApp();
  const { globalId: id } = await addListOf(app, 'first', 'unsubscribed');
  expect((await app.run(ReadListMembers, { id, subscribed: null })).node).toMatchObject({ members: { totalCount: 2 } });
});
